"""Logs: one event a line, with the run it belongs to, and no secret anywhere."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.contextvars import bound_contextvars

from scraper.logs import log, passwords_of, secrets_of, set_up_logs
from tests.captures import Command
from tests.readings import FIXTURES

CANARY = "c4nary-Zx81-value"


def test_events_are_lines_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    set_up_logs("json", stream=out)
    with bound_contextvars(run=7):
        log().info("source done", offers=3, error=None, ok=True)
    log().debug("not shown")
    event = json.loads(out.getvalue())
    assert (event["event"], event["run"], event["offers"], event["level"]) == ("source done", 7, 3, "info")
    assert (event["error"], event["ok"]) == (None, True)
    assert event["timestamp"].endswith("Z")


def test_people_get_lines_too_and_cron_only_what_matters() -> None:
    out = io.StringIO()
    set_up_logs("console", level="warning", stream=out)
    log().info("source done")
    log().warning("source failed", error="got a login page")
    assert out.getvalue().count("\n") == 1
    assert "source failed" in out.getvalue()
    assert "error=got a login page" in out.getvalue().replace("'", "")


def test_a_stream_that_is_gone_keeps_nobody_from_working() -> None:
    out = io.StringIO()
    set_up_logs("json", stream=out)
    out.close()
    log().info("source done")


@pytest.mark.parametrize("form", ["json", "console"])
def test_f42_secrets_are_hidden_wherever_they_stand(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("RATECARD_DB", f"postgresql://u:db-{CANARY}@host/x")
    out = io.StringIO()
    set_up_logs("json" if form == "json" else "console", stream=out, secrets=["p@ss w0rd"])
    log().error(f"got {CANARY}", error=f"401 for Bearer {CANARY}", deep={"a": [f"x{CANARY}y"], CANARY: {CANARY}})
    log().warning("at https://user:pass-1@proxy.example:3128/ and p@ss w0rd", obj=Path(f"/{CANARY}"))
    log().warning("at https://ghp_t0ken@git.example/x and https://mail.example?to=a@b.example")
    try:
        int(CANARY)
    except ValueError:
        log().exception("unexpected error")
    said = out.getvalue()
    assert said.count("***") >= 8
    for secret in (CANARY, "pass-1", "p@ss w0rd", "db-", "ghp_t0ken"):
        assert secret not in said
    assert "proxy.example:3128" in said
    assert "https://***@git.example/x and https://mail.example?to=a@b.example" in said
    assert "Traceback" in said


def test_what_is_a_secret() -> None:
    found = secrets_of(
        {
            "GROQ_API_KEY": "gsk_123456",
            "GITHUB_TOKEN": "t0ken-value",
            "RATECARD_DB": "postgresql://u:s%40crets@host/x",
            "HTTPS_PROXY": "http://proxy.example:3128",
            "HOME": "/somewhere",
            "MAX_TOKENS": "1000000",
            "SHORT_KEY": "abc",
        }
    )
    assert found == {"gsk_123456", "t0ken-value", "s%40crets", "s@crets"}
    assert passwords_of("sqlite:///x.db") == passwords_of("http://[bad") == set()


def test_f42_no_secret_in_what_commands_print_log_and_write(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = postgres_url.replace("postgres:@", f"postgres:{CANARY}@")
    monkeypatch.setenv("OPENAI_API_KEY", f"key-{CANARY}")
    monkeypatch.setenv("RATECARD_ARCHIVE", str(tmp_path / "archive"))
    ratecard = Command(url, monkeypatch, capsys)
    said = []
    for command in (["refresh", "--due", "deepseek", "--replay", str(FIXTURES)], ["schedule"], ["metrics"], ["doctor"]):
        ran = ratecard(*command)
        said += [ran.out, ran.err]
    away = ratecard("refresh", "--due", "--db", url.replace("dbname", "x").replace("/test_", "/gone_"))
    assert away.code == 2
    said += [away.out, away.err]
    daemon = subprocess.Popen(
        [sys.executable, "-m", "scraper.cli", "daemon", "--log", "json", "--replay", str(FIXTURES)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "RATECARD_LISTEN": "127.0.0.1:0"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert daemon.stderr is not None
    said.append(daemon.stderr.readline())
    assert json.loads(said[-1])["event"] == "daemon started"
    while "source done" not in said[-1]:
        said.append(daemon.stderr.readline())
        assert said[-1], "the daemon ended before a source was done"
    daemon.send_signal(signal.SIGTERM)
    said += daemon.communicate(timeout=60)
    assert daemon.returncode == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    said += [path.read_bytes().decode(errors="replace") for path in files]
    assert not [text for text in said if CANARY in text]
