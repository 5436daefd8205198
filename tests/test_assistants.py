"""The MCP server, asked by the official package's own client over standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client

from scraper.store import open_store
from tests.processes import ROOT
from tests.test_server import fill

TOOLS = {"find_offer", "price", "evidence", "changes", "gaps"}
Call = tuple[str, Mapping[str, Any]]


@pytest.fixture
def db(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/ratecard.db"
    with open_store(url) as opened:
        fill(opened)
    return url


def asked(db: str, *calls: Call) -> tuple[set[str], list[Any]]:
    """Ask a server all calls, and return its tools and the results."""
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "scraper.cli", "mcp", "--db", db], env=environment, cwd=ROOT
    )

    async def talk() -> tuple[set[str], list[Any]]:
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            tools = await session.list_tools()
            assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.tools)
            return {tool.name for tool in tools.tools}, [await session.call_tool(name, dict(of)) for name, of in calls]

    return asyncio.run(asyncio.wait_for(talk(), 60))


def test_an_assistant_finds_prices_with_their_evidence(db: str) -> None:
    offer = {"provider": "openai", "model_id": "maker/one-1"}
    tools, results = asked(
        db,
        ("find_offer", {"text": "ONE"}),
        ("price", offer),
        ("evidence", {**offer, "field": "input"}),
        ("changes", {"provider": "anthropic", "since": "2026-04-11", "limit": 3}),
        ("changes", {"provider": "anthropic", "since": "2026-04-11T06:00:00Z"}),
        ("gaps", offer),
        ("price", {"provider": "openai", "model_id": "gpt-0"}),
        ("evidence", {**offer, "field": "nothing"}),
        ("find_offer", {"text": "x", "limit": 5000}),
    )
    assert tools == TOOLS
    found, price, evidence, changes, later, gaps, *refused = results
    (one,) = found.structured_content["offers"]
    assert (one["model_id"], one["input"], one["output"]) == ("maker/one-1", "$2.50 / 1M tokens", "$10.00 / 1M tokens")
    fields = {field["field"]: field for field in price.structured_content["offers"][0]["fields"]}
    assert (fields["input"]["value"], fields["input"]["currency"]) == ("2.50", "USD")
    assert fields["cache_read"] == {
        "field": "cache_read", "state": "not_sourced", "reason": "not_on_page", "unit": "1M tokens",
        "shown": "Not sourced",
    }  # fmt: skip
    (proof,) = evidence.structured_content["evidence"]
    assert (proof["quote"], proof["source_url"]) == ("input 2.50", "https://openai.example/prices")
    assert (len(changes.structured_content["changes"]), changes.structured_content["more"]) == (3, True)
    assert later.structured_content["changes"] == []
    assert "cache_read" in {gap["field"] for gap in gaps.structured_content["gaps"]}
    assert [one.is_error for one in refused] == [True] * 3
    assert "find_offer looks for a part of an id" in refused[0].content[0].text
