"""robots.txt: obeyed, whatever it looks like, and the decision remembered."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from scraper.fetch.memory import ShortMemory
from tests.fetching import NOW, client, failed, ok
from tests.hostile import Answerer, Hostile, busy, head, hostile, in_turn, page, redirect, silence


def rules(text: str, kind: str = "text/plain") -> Answerer:
    return page(text.encode(), Content_Type=kind)


def decision(memory: ShortMemory, server: Hostile) -> tuple[str, str]:
    kept = memory.robots(server.url(""))
    assert kept is not None
    assert kept.fetched_at == NOW
    return kept.decision, kept.reason


def test_f12_what_is_disallowed_is_not_asked_for() -> None:
    memory = ShortMemory()
    robots = rules("User-agent: *\nDisallow: /private\nAllow: /private/prices\n")
    routes = {"/robots.txt": robots, "/private": page(), "/private/prices": page(), "/other": page()}
    with hostile(routes) as server:
        run = client(memory)
        answer = failed(run.fetch([server.url("/private")]))
        assert answer.kind == "refused"
        assert f"is disallowed for ratecard by {server.url('/robots.txt')} as of 2026-11-02T05:00:00Z" in answer.message
        ok(run.fetch([server.url("/private/prices")]))
        ok(run.fetch([server.url("/other")]))
        assert server.paths(robots=True) == ["/robots.txt", "/private/prices", "/other"]
        assert decision(memory, server) == ("rules", "answered 200")


def test_f12_the_group_with_our_name_goes_before_that_of_all() -> None:
    robots = rules("User-agent: *\nDisallow: /\n\nUser-agent: Ratecard\nDisallow: /no\n")
    with hostile({"/robots.txt": robots, "/": page(), "/no": page()}) as server:
        ok(client().fetch([server.url("/")]))
        assert failed(client().fetch([server.url("/no")])).kind == "refused"
        other = client(user_agent="Pricebot/2 (+ops@example.org)")
        assert failed(other.fetch([server.url("/")])).kind == "refused"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_f12_where_there_is_none_all_is_allowed(status: int) -> None:
    memory = ShortMemory()
    with hostile({"/robots.txt": page(b"User-agent: *\nDisallow: /", status), "/": page()}) as server:
        ok(client(memory).fetch([server.url("/")]))
        assert decision(memory, server) == ("allow", f"answered {status}")


@pytest.mark.parametrize(
    ("robots", "kind", "reason"),
    [
        (page(b"", 500), "refused", "answered 500"),
        (page(b"", 503), "refused", "answered 503"),
        (busy(), "refused", "answered 429"),
        (silence, "timeout", "gave no whole answer within 0.5 seconds"),
        (lambda _: (), "broken", "broke off"),
        (lambda _: (head(Content_Length=100), b"User-agent: *\nAllow: /\n"), "broken", "broke off"),
        (page(b"\x1f\x8b", Content_Encoding="gzip"), "broken", "gzip stream"),
        (redirect("/robots.txt"), "refused", "redirects more than 5 times"),
        (redirect("ftp://127.0.0.1/robots.txt"), "refused", "not an http or https address"),
    ],
    ids=["500", "503", "429", "timeout", "closed", "cut off", "broken gzip", "loop", "ftp"],
)
def test_f12_where_it_cannot_be_had_nothing_is_fetched_in_this_run(robots: Answerer, kind: str, reason: str) -> None:
    memory = ShortMemory()
    with hostile({"/robots.txt": robots, "/": page(), "/2": page()}) as server:
        run = client(memory, deadline=0.5, retries=0, retry_wait=0.01)
        answer = failed(run.fetch([server.url("/")]))
        assert answer.kind == kind
        assert answer.status is None
        assert "is not fetched in this run" in answer.message
        assert reason in answer.message
        asked = len(server.asked)
        assert failed(run.fetch([server.url("/2")])).kind == kind
        assert len(server.asked) == asked
        assert server.paths() == []
        assert decision(memory, server)[0] == "disallow"


def test_f12_the_next_run_asks_again_and_a_passing_failure_is_asked_again_at_once() -> None:
    memory = ShortMemory()
    robots = in_turn(page(b"", 500), page(b"", 500), page(b"", 500), page(b"", 500), page(b"", 404))
    with hostile({"/robots.txt": robots, "/": page()}) as server:
        failed(client(memory, retry_wait=0.01).fetch([server.url("/")]))
        ok(client(memory, retry_wait=0.01).fetch([server.url("/")]))
        assert server.paths(robots=True) == ["/robots.txt"] * 5 + ["/"]


@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
def test_f12_a_page_is_no_robots_file(kind: str) -> None:
    memory = ShortMemory()
    html = "\ufeff\n<!DOCTYPE html><html>\nUser-agent: *\nDisallow: /\n</html>"
    with hostile({"/robots.txt": rules(html, kind), "/": page()}) as server:
        ok(client(memory).fetch([server.url("/")]))
        assert decision(memory, server) == ("allow", "is a page, not rules")


def test_f12_rules_count_whatever_type_they_are_sent_as() -> None:
    with hostile({"/robots.txt": rules("User-agent: *\nDisallow: /\n", "text/html"), "/": page()}) as server:
        assert failed(client().fetch([server.url("/")])).kind == "refused"


def test_f12_of_a_huge_file_the_first_500_kib_count() -> None:
    filler = "# " + "x" * 97 + "\n"
    start = "User-agent: *\nDisallow: /start\n" + filler * 4900
    huge = rules(start + filler * 60_000 + "Disallow: /end\n")
    with hostile({"/robots.txt": huge, "/start": page(), "/end": page()}) as server:
        memory = ShortMemory()
        run = client(memory)
        assert failed(run.fetch([server.url("/start")])).kind == "refused"
        ok(run.fetch([server.url("/end")]))
        kept = memory.robots(server.url(""))
        assert kept is not None
        assert len(kept.text) <= 500 * 1024


def test_f12_a_line_that_the_limit_cuts_does_not_count() -> None:
    start = "User-agent: *\nDisallow: /private\n"
    text = start + "#" * (500 * 1024 - len(start) - len("\nDisallow: /p")) + "\nDisallow: /prices\n"
    with hostile({"/robots.txt": rules(text), "/public": page()}) as server:
        ok(client().fetch([server.url("/public")]))


def test_f12_the_crawl_delay_is_kept_up_to_a_limit() -> None:
    with hostile({"/robots.txt": rules("User-agent: *\nCrawl-delay: 7\n"), "/1": page(), "/2": page()}) as server:
        run = client(max_crawl_delay=0.4)
        ok(run.fetch([server.url("/1")]))
        ok(run.fetch([server.url("/2")]))
        times = [asked.when for asked in server.asked]
        assert times[1] - times[0] >= 0.4
        assert 0.4 <= times[2] - times[1] < 1


@pytest.mark.parametrize("delay", ["-1", "nan", "inf", "soon", "1e999"])
def test_f12_a_crawl_delay_that_makes_no_sense_is_none(delay: str) -> None:
    with hostile({"/robots.txt": rules(f"User-agent: *\nCrawl-delay: {delay}\n"), "/1": page()}) as server:
        started = time.monotonic()
        ok(client().fetch([server.url("/1")]))
        assert time.monotonic() - started < 1


def test_f12_redirects_are_followed_also_to_another_host() -> None:
    routes = {"/robots.txt": redirect("/2"), "/2": rules("User-agent: *\nDisallow: /\n"), "/": page()}
    with hostile(routes) as server:
        assert failed(client().fetch([server.url("/")])).kind == "refused"


def test_f12_every_hop_is_asked_about() -> None:
    with (
        hostile({"/robots.txt": rules("User-agent: *\nDisallow: /\n"), "/": page()}) as strict,
        hostile({"/": redirect(strict.url("/"))}) as server,
    ):
        answer = failed(client().fetch([server.url("/")]))
        assert answer.kind == "refused"
        assert strict.paths(robots=True) == ["/robots.txt"]


def test_a_decision_is_good_for_a_day() -> None:
    memory = ShortMemory()
    with hostile({"/robots.txt": rules("User-agent: *\nDisallow: /no\n"), "/": page()}) as server:
        ok(client(memory).fetch([server.url("/")]))
        ok(client(memory, NOW + timedelta(hours=23)).fetch([server.url("/")]))
        assert server.paths(robots=True).count("/robots.txt") == 1
        ok(client(memory, NOW + timedelta(hours=25)).fetch([server.url("/")]))
        assert server.paths(robots=True).count("/robots.txt") == 2
        # A clock that was set back makes a decision of the future, which is none.
        ok(client(memory, NOW - timedelta(hours=1)).fetch([server.url("/")]))
        assert server.paths(robots=True).count("/robots.txt") == 3


def test_f12_many_fetches_at_once_ask_for_it_once() -> None:
    with hostile({"/robots.txt": page(b"", 404), **{f"/{n}": page() for n in range(8)}}) as server:
        run = client(host_concurrency=8)
        many = [[server.url(f"/{n}")] for n in range(8)]
        with run.ahead(many):
            assert len([ok(run.fetch(addresses)) for addresses in many]) == 8
        assert server.paths(robots=True).count("/robots.txt") == 1
