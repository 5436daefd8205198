"""What people's assistants may ask: the queries of the read API as tools of an MCP server, on the official package.

An extra (`ratecard[mcp]`). Read only. What no source states is said to have no source: an assistant that wants a number
gets a reason instead of one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from functools import wraps
from typing import Annotated, Any, Final, ParamSpec

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from scraper import __version__
from scraper.errors import RatecardError
from scraper.publish import objects
from scraper.publish.text import said, who
from scraper.records import iso
from scraper.store import OfferView, Store, evidence
from scraper.store.browsing import Wanted, get_offers, page_changes, page_offers
from scraper.times import parse_at, read_time

_MOST: Final = 50
_READS: Final = ToolAnnotations(readOnlyHint=True, destructiveHint=False, idempotentHint=True, openWorldHint=False)
_ABOUT: Final = (
    "Prices and specs of LLM offers, read from the providers' pages, with evidence for every value. An offer is one "
    "model as one provider sells it. Amounts are exact decimals in text, in the unit beside them. A field that is "
    "not_sourced has no known value: say so, and do not fill it in. Quote the address and the date of the evidence."
)

Provider = Annotated[str, Field(description="Slug of the provider: openai, anthropic, aws-bedrock, …", max_length=60)]
Id = Annotated[str, Field(description="The id that a caller sends, or the name where there is none", max_length=300)]
Name = Annotated[
    str, Field(description="A rate key or a spec: input, output, cache_read, context_window, …", max_length=200)
]
Most = Annotated[int, Field(ge=1, le=_MOST, description="How many, at most")]

Object = dict[str, Any]
_Asked = ParamSpec("_Asked")


def _told(answer: Callable[_Asked, Object]) -> Callable[_Asked, Object]:
    """Let an assistant read what is wrong with what it asked for."""

    @wraps(answer)
    def told(*arguments: _Asked.args, **named: _Asked.kwargs) -> Object:
        try:
            return answer(*arguments, **named)
        except RatecardError as error:
            raise ToolError(str(error)) from error

    return told


def create_server(store: Store, clock: Callable[[], datetime]) -> MCPServer[Any]:
    """Return the server with its tools; `clock` gives aware UTC."""
    server: MCPServer[Any] = MCPServer(name="ratecard", version=__version__, instructions=_ABOUT, log_level="WARNING")

    @server.tool(annotations=_READS)
    @_told
    def find_offer(
        text: Annotated[str, Field(max_length=300)], provider: Provider | None = None, limit: Most = 20
    ) -> Object:
        """Find offers by a part of their id or name, of all providers or of one; with input and output prices."""
        wanted = Wanted(provider=provider, text=_clean(text))
        found, following = page_offers(store, clock(), wanted, after=None, limit=limit)
        return {"offers": [_short(offer) for offer in found], "more": following is not None}

    @server.tool(annotations=_READS)
    @_told
    def price(provider: Provider, model_id: Id, as_of: str | None = None) -> Object:
        """Return every field of an offer with its state, now or as of a date: prices by rate key, and specs."""
        return {"offers": [_whole(offer) for offer in _find(store, clock(), provider, model_id, as_of)]}

    @server.tool(name="evidence", annotations=_READS)
    @_told
    def evidence_of(provider: Provider, model_id: Id, field: Name) -> Object:
        """Return where a value comes from: address, time, capture, place and quote; what each source says."""
        found = []
        for offer in _find(store, clock(), provider, model_id, None):
            view = next((view for view in offer.fields if view.field == field), None)
            if view is not None:
                statements = [objects.statement_object(one) for one in evidence(store, offer.id, field)]
                found.append({"offer": _called(offer), **objects.field_object(view), "statements": statements})
        if not found:
            raise RatecardError(f"{provider}/{model_id} has no field {field!r}; the tool price lists its fields.")
        return {"evidence": found}

    @server.tool(annotations=_READS)
    @_told
    def changes(provider: Provider | None = None, since: str | None = None, limit: Most = 20) -> Object:
        """List what changed, newest first: prices before and after, offers that came and went."""
        start = read_time(since, time()) if since else None
        found, following = page_changes(store, provider=_clean(provider), since=start, before=None, limit=limit)
        return {"changes": [objects.change_object(one) for one in found], "more": following is not None}

    @server.tool(annotations=_READS)
    @_told
    def gaps(provider: Provider, model_id: Id | None = None, limit: Most = 20) -> Object:
        """List the reference fields that no source states, of an offer or of a provider's offers, with the reasons."""
        now = clock()
        if model_id:
            return {"gaps": objects.gaps_object(_find(store, now, provider, model_id, None))["gaps"], "more": False}
        found, following = page_offers(store, now, Wanted(provider=_clean(provider)), after=None, limit=limit)
        return {"gaps": objects.gaps_object(found)["gaps"], "more": following is not None}

    return server


def _find(store: Store, now: datetime, provider: str, model_id: str, as_of: str | None) -> list[OfferView]:
    moment = parse_at(as_of) if as_of else None
    found = get_offers(store, _clean(provider) or "", _clean(model_id) or "", now, moment)
    if not found:
        raise RatecardError(f"{provider} has no offer {model_id!r}; the tool find_offer looks for a part of an id.")
    return found


def _clean(text: str | None) -> str | None:
    """Return a text without what no database takes."""
    return text.replace("\0", "") if text is not None else None


def _called(offer: OfferView) -> str:
    return who(offer.provider, offer.model_id, offer.name)


def _short(offer: OfferView) -> Object:
    views = {view.field: view for view in offer.fields}
    return {
        "provider": offer.provider,
        "model_id": offer.model_id or None,
        "name": offer.name,
        "model": offer.model,
        "input": said(views["input"]),
        "output": said(views["output"]),
        "last_seen": iso(offer.last_seen),
    }


def _whole(offer: OfferView) -> Object:
    fields = [
        {**objects.field_object(view), "shown": said(view), "locator": None, "quote": view.quote or None}
        for view in offer.fields
    ]
    return {
        **_short(offer),
        "withdrawn_at": iso(offer.withdrawn_at) if offer.withdrawn_at else None,
        "fields": [{key: value for key, value in one.items() if value not in (None, [], "")} for one in fields],
    }
