"""Reading in a process of its own: what a hostile page does there stays there."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from scraper import providers
from scraper.errors import RatecardError
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.nesting import MAX_DEPTH, nested_too_deep
from scraper.extract.source import Source
from scraper.records import Note, Reading
from scraper.sandbox import Defect, Sandbox, read_here
from tests.captures import Command, Folder, price_page
from tests.processes import ROOT
from tests.readings import FIXTURES, fixtures

MEGABYTE = 1024 * 1024
PAGE = Document("a page", "markdown")


# Parsers, found by the process that reads as functions of this module.


def say(document: Document) -> Reading:
    return Reading(offers=(), notes=(Note(kind="unreadable", text=document.text),))


def spin(_: Document) -> Reading:
    while True:
        pass


def hang_beyond_reach(_: Document) -> Reading:
    # A parser in C looks at no signal that Python would handle.
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    time.sleep(60)
    raise AssertionError


def crash(_: Document) -> Reading:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def leave(_: Document) -> Reading:
    os._exit(7)


def hoard(_: Document) -> Reading:
    kept = [bytes(64 * MEGABYTE) for _ in range(100)]
    raise AssertionError(len(kept))


def refuse(_: Document) -> Reading:
    raise Unreadable("there is no table \ud800")


def fail(_: Document) -> Reading:
    raise KeyError("rows")


def chatter(document: Document) -> Reading:
    sys.stdout.write('{"reading": {"offers": []}}\n')
    sys.stdout.flush()
    return say(document)


def look_around(_: Document) -> Reading:
    files = [str(link.resolve()) for link in Path("/proc/self/fd").iterdir()]
    return say(Document("\n".join([*os.environ, *files]), "markdown"))


def who(_: Document) -> Reading:
    return say(Document(str(os.getpid()), "markdown"))


def slow(document: Document) -> Reading:
    time.sleep(0.5)
    return say(document)


def source(read: Callable[[Document], Reading]) -> Source:
    return Source(name="test", addresses=("https://acme.example",), read=read, publishes=frozenset({"input"}))


def said(reading: Reading) -> str:
    return reading.notes[0].text


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=10, memory=1024 * MEGABYTE) as reader:
        yield reader


def test_it_reads_what_this_process_reads(sandbox: Sandbox) -> None:
    read = 0
    for one, page in (made for name in providers.names() for made in fixtures(name)):
        here = read_here(one, page.document)
        there = sandbox(one, replace(page.document))
        assert there == here
        assert there.model_dump_json() == here.model_dump_json()
        read += 1
    assert read > 40


def test_a_refusal_and_a_defect_come_back_as_what_they_are(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable, match="there is no table"):
        sandbox(source(refuse), PAGE)
    for reader in (sandbox, read_here):
        with pytest.raises(Defect, match="KeyError: 'rows'"):
            reader(source(fail), PAGE)
    with pytest.raises(Defect, match="function of a module"):
        sandbox(source(lambda _: Reading(offers=())), PAGE)


@pytest.mark.parametrize("on", [True, False])
def test_a_reading_here_leaves_the_collector_of_cycles_as_it_was(*, on: bool) -> None:
    was_on = gc.isenabled()
    switch: dict[bool, Callable[[], None]] = {True: gc.enable, False: gc.disable}
    switch[on]()
    try:
        for parser in (refuse, fail):
            with pytest.raises((Unreadable, Defect)):
                read_here(source(parser), PAGE)
            assert gc.isenabled() is on
    finally:
        switch[was_on]()


def test_what_a_parser_prints_is_no_answer(sandbox: Sandbox) -> None:
    assert said(sandbox(source(chatter), PAGE)) == PAGE.text
    assert said(sandbox(source(say), Document("the next", "markdown"))) == "the next"


def test_the_process_lives_across_readings(sandbox: Sandbox) -> None:
    first = said(sandbox(source(who), PAGE))
    assert said(sandbox(source(who), PAGE)) == first
    assert first != str(os.getpid())


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (spin, r"took longer than read_seconds allows \(0.5 seconds\) and was stopped"),
        (crash, r"ended the process that reads \(signal SIGSEGV\)"),
        (leave, r"ended the process that reads \(exit code 7\)"),
        (hoard, r"takes more memory than read_memory allows \(1,073,741,824 bytes\)"),
    ],
)
def test_f23_a_reading_that_ends_its_process_fails_alone(read: Callable[[Document], Reading], message: str) -> None:
    with Sandbox(seconds=0.5 if read is spin else 20, memory=1024 * MEGABYTE) as reader:
        first = said(reader(source(who), PAGE))
        began = time.monotonic()
        with pytest.raises(Unreadable, match=message):
            reader(source(read), PAGE)
        assert time.monotonic() - began < 5
        assert said(reader(source(who), PAGE)) != first
        assert not Path(f"/proc/{first}").exists()


def test_f23_a_process_that_does_not_end_itself_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scraper.sandbox._START_SECONDS", 2)
    with Sandbox(seconds=1, memory=1024 * MEGABYTE) as reader:
        with pytest.raises(Unreadable, match="took longer than read_seconds"):
            reader(source(hang_beyond_reach), PAGE)
        monkeypatch.undo()
        assert said(reader(source(say), PAGE)) == PAGE.text


def test_a_process_that_was_killed_while_idle_is_replaced(sandbox: Sandbox) -> None:
    pid = int(said(sandbox(source(who), PAGE)))
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert said(sandbox(source(say), PAGE)) == PAGE.text


def test_signals_to_the_whole_group_are_for_the_process_that_asks(sandbox: Sandbox) -> None:
    pid = said(sandbox(source(who), PAGE))
    os.kill(int(pid), signal.SIGTERM)
    os.kill(int(pid), signal.SIGINT)
    assert said(sandbox(source(who), PAGE)) == pid


def test_an_answer_that_nobody_waited_for_is_not_taken_for_the_next(sandbox: Sandbox) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    sandbox(source(say), PAGE)
    outer = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Interrupted):
            sandbox(source(slow), Document("the first", "markdown"))
    finally:
        signal.signal(signal.SIGALRM, outer)
    assert said(sandbox(source(say), Document("the second", "markdown"))) == "the second"


def test_threads_get_the_answers_to_what_they_asked(sandbox: Sandbox) -> None:
    got: dict[str, str] = {}

    def ask(text: str) -> None:
        for number in range(20):
            one = f"{text} {number}"
            got[one] = said(sandbox(source(say), Document(one, "markdown")))

    threads = [threading.Thread(target=ask, args=(text,)) for text in ("one", "other", "third")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 60
    assert all(asked == answered for asked, answered in got.items())


def test_f42_the_process_knows_no_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.setenv("RATECARD_DB", "postgresql://user:canary@host/name")
    with (tmp_path / "open").open("w") as file, Sandbox(seconds=10, memory=1024 * MEGABYTE) as reader:
        seen = said(reader(source(look_around), PAGE)).split("\n")
    assert "PYTHONPATH" in seen
    assert not [name for name in seen if name.startswith(("OPENAI", "RATECARD")) or name == file.name]


def test_f28_killing_the_process_that_asks_leaves_none_behind(tmp_path: Path) -> None:
    program = (
        "import sys; from scraper.sandbox import Sandbox; from tests.test_sandbox import *\n"
        "reader = Sandbox(seconds=2, memory=1024 * MEGABYTE)\n"
        "print(said(reader(source(who), PAGE)), flush=True); reader(source(spin), PAGE)"
    )
    asking = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    pid = int(asking.stdout.readline())
    asking.kill()
    asking.communicate()
    deadline = time.monotonic() + 6
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_that_cannot_be_started_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(RatecardError, match=r"cannot be started \(No such file or directory\); make room"):
        Sandbox(seconds=1, memory=1024 * MEGABYTE).__enter__()


# Markup nested too deep.


def repeated(piece: str) -> str:
    return piece * (2_000_000 // len(piece))


NESTED = {
    "div": repeated("<div>"),
    "bold, each with its id": "".join(f"<b id={number}>" for number in range(150_000)),
    "lists": repeated("<ul><li>"),
    "tables": repeated("<table><tr><td>"),
    "svg": repeated("<svg>"),
    "svg groups": f"<svg>{repeated('<g>')}",
    "custom": repeated("<x-y/>"),
    "upper case": repeated("<DIV>"),
    "ends in comments": repeated("<div><!--</div>-->"),
    "ends in scripts": repeated("<div><script></div></script>"),
    "ends in attributes": repeated("<div a='</div>'>"),
    "ends of others": repeated("<div></span>"),
    "up and down": repeated("<div>" * 500 + "</div>" * 500),
    "open tags": repeated("<div "),
    "open quotes": repeated("<div a='"),
    "open comments": repeated("<!--"),
    "open scripts": repeated("<script>"),
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED.keys())
def test_f23_two_megabytes_of_nested_tags_are_refused_or_read_at_once(text: str) -> None:
    began = time.process_time()
    with suppress(Unreadable):
        assert Document(f"<html><body>{text}", "html").blocks is not None
    assert time.process_time() - began < 2


def deep(levels: int) -> str:
    return "<div>" * levels + "x" + "</div>" * levels


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (deep(MAX_DEPTH), False),
        (deep(MAX_DEPTH + 1), True),
        (deep(MAX_DEPTH) * 5, False),
        ("<br><img><p><li><td>" * 1000, False),
        ("<svg>" + "<path d='M0'/>" * 1000 + "</svg>", False),
        ("<!-- <div> -->" * 1000, False),
        ("<script>" + "'<div>'" * 1000 + "</script>", False),
        ("<p title='a<div>'>x</p>" * 1000, False),
        ("<p title=it's><b>x</b></p>" * 1000, False),
        ("<div><span></div>" * 1000, False),
        ("</div>" * 1000 + "x < y <3 " * 1000, False),
        ("<!----><!--><div>" * 1000, True),
        ("<script/><div></script >" * 1000, False),
        ("<!-- - -- <div> --!>" * 1000, False),
        ("<!-- --><div>" * 1000, True),
        ("<style><</style<div></style>" * 1000, False),
        ("<script></scripts><div></script>" * 1000, False),
        ("<script>a</script><div>" * 1000, True),
        ("<script>" + "<div>" * 1000, False),
        ("<!--" + "<div>-" * 1000, False),
    ],
)
def test_the_depth_is_told_as_browsers_count_it(text: str, refused: bool) -> None:
    assert nested_too_deep(text) is refused


# Through the command.


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


MARKETING = "https://claude.com/pricing"
SAID = {
    "200,000 nested tags": ("<html>" + "<div>" * 200_000, "it is markup nested too deep to be a page"),
    # Every paragraph opens all the elements before it again, which no glance at the tags can tell.
    "tags that come back": (
        "<html>" + "".join(f"<div><b id={number}></div>" for number in range(60_000)),
        "reading it took longer than read_seconds allows (1 seconds) and was stopped",
    ),
}


@pytest.mark.parametrize(("page", "message"), SAID.values(), ids=SAID.keys())
def test_f23_a_hostile_page_fails_its_source_and_the_others_are_read(
    ratecard: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, message: str
) -> None:
    monkeypatch.setenv("RATECARD_READ_SECONDS", "1")
    good = price_page([("Claude Opus 4.7", "5", "25")])
    later = (FIXTURES / "perplexity" / "models.2026-09-01.json").read_bytes()
    feed = next(one for one in providers.sources("perplexity") if one.name == "models").addresses[0]
    folder = Folder(tmp_path / "captures").add(good, "2026-05-01").add(page, "2026-05-08", kind="text/html")
    folder.add(later, "2026-05-01", url=feed, kind="application/json")
    ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-01")
    before = ratecard("export", "rates-csv").out
    began = time.monotonic()
    ran = ratecard("refresh", "anthropic", "perplexity", "--replay", folder.path, "--at", "2026-05-08", "--json")
    assert time.monotonic() - began < 8
    assert ran.code == 1
    told = {(one["provider"], one["source"]): (one["status"], one["error"]) for one in ran.json["sources"]}
    assert told["anthropic", "docs-pricing"] == ("failed", f"cannot be read: {message}")
    assert told["perplexity", "models"] == ("ok", None)
    assert ratecard("export", "rates-csv", "--provider", "anthropic").out == before
    assert message in ratecard("doctor").out
