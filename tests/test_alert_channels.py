"""Channels against real receivers on loopback: signatures that others verify, mail that others read, true failures."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import json
import re
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from markdown_it import MarkdownIt
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from scraper.alerts.channels import TYPES, markdown, module_of, posting, slack, webhook
from scraper.alerts.channels import email as mail
from scraper.alerts.channels.apprise_process import cut
from scraper.alerts.channels.markdown import issue_of
from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.html import html_of
from scraper.alerts.layout.markdown import markdown_of
from scraper.alerts.layout.plain import text_of
from scraper.alerts.layout.slack import MOST_BLOCKS, MOST_TEXT, slack_body
from scraper.alerts.message import Channel, Failed, Message, Sent
from scraper.errors import RatecardError
from scraper.events import Event, EventKind, Severity
from tests.alerting import AT, NASTY, PAGE, Posted, Receiver, happened, message, moved, receiver, setup, side, taking
from tests.captures import Command, Folder, price_page
from tests.test_fetch_tls import Authority, authority

__all__ = ["authority"]

SCHEMAS = Path(__file__).resolve().parents[1] / "docs" / "schemas"
SCHEMA = SCHEMAS / "webhook-2.json"
PUBLISHED = {
    "webhook-1.json": "a53f5e0197116c4cc7a0ed8a64a2f987444f109a21a533d29867ccef660d2b98",
    "webhook-2.json": "09358808665f340098865d03aae539ffa3f3890467b92133680c561f00e796d8",
}
OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()
HOOK = "/services/T0001/very-secret-token"

ONE = message(moved("acme/gpt-5", "input", "5", "4.50", request=True), title="acme/gpt-5 input: price down")
MANY = message(
    moved("acme/gpt-5", "input", "5", "4.50", request=True),
    moved("acme/gpt-5", "output", "25", "20", request=True),
    moved("acme/small", "input", "1", "1.20"),
    *(moved(f"acme/m{n}", "input", "200", f"{190 + n / 10}") for n in range(12)),
    *(moved(f"acme/alike-{n}", "input", "9", "4.5") for n in range(6)),
    *(happened(EventKind.NEW_OFFER, f"acme/new-{n}") for n in range(8)),
    happened(EventKind.WITHDRAWN, "acme/gone-1"),
    happened(EventKind.NEWLY_SOURCED, "beta/x", "cache_read", after=side("cache_read", "0.1")),
    happened(EventKind.HOLD_NEEDS_REVIEW, "beta/x", "input", before=side("input", "5"), after=side("input", "0.5"),
             severity=Severity.WARNING, note="scale_jump: it is a tenth of what it was"),
    happened(EventKind.SOURCE_FAILING, "beta/", source="pricing", note="got a Cloudflare challenge page", name=""),
    title="30 changes at 2 providers", digest=True, count=42, omitted=12, list_url="https://prices.example.com/changes",
    list_command="ratecard diff --since 2026-08-22",
)  # fmt: skip


def hook(got: Receiver, *secrets: str, **more: Any) -> Channel:
    return webhook.make(setup(url=got.url(HOOK), secrets=[*secrets] or [NEW], **more))


# Signed webhooks.


def test_an_independent_implementation_verifies_the_signature() -> None:
    with receiver() as got:
        assert hook(got, NEW).send(ONE) == Sent()
    [post] = got.posts
    value = Verifier(NEW).verify(post.body, dict(post.headers))
    assert value["data"]["id"] == post.headers["webhook-id"] == ONE.id
    assert value["data"]["events"] == [ONE.events[0].to_object()]
    assert post.headers["content-type"].startswith("application/json")
    with pytest.raises(WebhookVerificationError):
        Verifier(NEW).verify(post.body.replace(b"4.50", b"4.40"), dict(post.headers))
    with pytest.raises(WebhookVerificationError):
        Verifier(OLD).verify(post.body, dict(post.headers))


def test_while_a_secret_is_replaced_both_verify() -> None:
    with receiver() as got:
        assert hook(got, NEW, OLD).send(ONE) == Sent()
    [post] = got.posts
    assert post.headers["webhook-signature"].count("v1,") == 2
    for secret in (NEW, OLD):
        assert Verifier(secret).verify(post.body, dict(post.headers))


def test_f35_an_endpoint_that_fails_for_a_while_gets_the_same_message_in_the_end() -> None:
    def respond(_post: Posted, before: int) -> tuple[int, Mapping[str, str], bytes]:
        return [(500, {}, b"down"), (503, {"Retry-After": "7"}, b""), (200, {}, b"ok")][min(before, 2)]

    with receiver(respond) as got:
        channel = hook(got)
        first, second, third = (channel.send(ONE) for _ in range(3))
    assert isinstance(first, Failed)
    assert first.error.endswith("answered 500: down")
    assert (first.retry_after, first.permanent) == (None, False)
    assert isinstance(second, Failed)
    assert second.retry_after == 7
    assert third == Sent()
    assert len({post.headers["webhook-id"] for post in got.posts}) == 1
    assert len({post.body for post in got.posts}) == 1


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "after", "said"),
    [
        (410, {}, True, None, "wants no more messages"),
        (429, {"Retry-After": "120"}, False, 120, "answered 429"),
        (429, {"Retry-After": "in 90 s"}, False, 90, "answered 429"),
        (500, {"Retry-After": "120"}, False, None, "answered 500"),
        (302, {"Location": "https://elsewhere.example.com/"}, False, None, "a redirect, which is not followed"),
        (404, {}, False, None, "answered 404"),
    ],
)
def test_what_an_answer_means(
    status: int, headers: Mapping[str, str], permanent: bool, after: float | None, said: str
) -> None:
    if headers.get("Retry-After") == "in 90 s":
        headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=90))}
    with receiver(lambda *_: (status, headers, b"")) as got:
        failed = hook(got).send(ONE)
    assert isinstance(failed, Failed)
    assert said in failed.error
    assert failed.permanent is permanent
    assert failed.retry_after == (None if after is None else pytest.approx(after, abs=5))
    assert len(got.posts) == 1


def test_an_endpoint_that_hangs_or_never_ends_costs_little() -> None:
    def hang(_post: Posted, before: int) -> tuple[int, Mapping[str, str], bytes]:
        if before == 0:
            time.sleep(1)
        return 500, {"Content-Encoding": "gzip"} if before == 2 else {}, b"x" * 30_000_000

    with receiver(hang) as got:
        target = posting.target_of(got.url(), "here", setup().settings)
        start = time.monotonic()
        hung = posting.post(target, b"{}", {}, setup(), AT, seconds=0.4)
        assert time.monotonic() - start < 0.9
        assert isinstance(hung, Failed)
        assert hung.error.endswith("did not answer within 0.4 seconds")
        for _ in range(2):
            big = posting.post(target, b"{}", {}, setup(), AT)
            assert isinstance(big, Failed)
            assert len(big.error) < 200


def test_nobody_there() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}{HOOK}"
        failed = webhook.make(setup(url=url, secrets=[NEW])).send(ONE)
    assert isinstance(failed, Failed)
    assert "could not be reached" in failed.error


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://127.0.0.1/x", "leads to 127.0.0.1, which is not a public address"),
        ("https://[::1]/x", "not a public address"),
        ("https://169.254.169.254/latest", "not a public address"),
        ("http://hooks.example.com/x", "must be https"),
        ("https://user:word@hooks.example.com/x", "has a user or a password in it"),
        ("ftp://hooks.example.com/x", "is not an http or https address"),
        ("nonsense", "is not an http or https address"),
    ],
)
@pytest.mark.parametrize("kind", ["webhook", "slack"])
def test_addresses_that_are_not_posted_to(kind: str, url: str, said: str) -> None:
    more: dict[str, Any] = {"secrets": [NEW]} if kind == "webhook" else {}
    with pytest.raises(RatecardError, match=said) as refused:
        module_of(kind).make(setup(url=f"{url}?{HOOK}", private=False, **more))
    assert "very-secret" not in str(refused.value)


def test_a_name_that_leads_to_a_private_address_is_refused_when_it_is_looked_up() -> None:
    failed = webhook.make(setup(url=f"https://localhost{HOOK}", secrets=[NEW], private=False)).send(ONE)
    assert isinstance(failed, Failed)
    assert failed.error in (
        f"localhost leads to {host}, which is not a public address" for host in ("127.0.0.1", "::1")
    )
    assert failed.refused


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("c2VjcmV0", "must begin with whsec_"),
        ("whsec_%%%", "must be base64"),
        ("whsec_c2VjcmV0", "must be 24 to 64 bytes long, and it has 6"),
    ],
)
def test_secrets_that_are_none_are_refused_without_being_repeated(secret: str, said: str) -> None:
    with pytest.raises(RatecardError, match=said) as refused:
        webhook.make(setup(url="https://hooks.example.com/", secrets=[NEW, secret]))
    assert "secret 2 of the channel 'here'" in str(refused.value)
    assert secret not in str(refused.value)


def test_f41_the_body_of_a_webhook_is_of_its_published_schema() -> None:
    """Whoever changes the schema publishes a new version beside it; those that are there stay as they are."""
    for name, expected in PUBLISHED.items():
        assert hashlib.sha256((SCHEMAS / name).read_bytes()).hexdigest() == expected, name
    schema = json.loads(SCHEMA.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for sent in (ONE, MANY):
        body = json.loads(webhook.body_of(sent))
        validator.validate(body)
        assert body["data"]["version"] == schema["properties"]["data"]["properties"]["version"]["const"]
    kinds = schema["$defs"]["kind"]["enum"]
    assert kinds == [kind.value for kind in EventKind]
    assert schema["$defs"]["event"]["properties"]["severity"]["enum"] == [severity.value for severity in Severity]


def test_a_body_that_would_be_too_large_says_what_it_leaves_out() -> None:
    quote = "q" * 2000
    events = [
        happened(EventKind.SPEC_CHANGED, f"acme/m{n}", "status", before=side("status", "a", quote), note=quote)
        for n in range(400)
    ]
    body = webhook.body_of(message(*events))
    data = json.loads(body)["data"]
    assert len(body) <= webhook.MOST_BYTES
    assert 100 < len(data["events"]) < 400
    assert data["omitted"] == 400 - len(data["events"])
    assert data["count"] == 400


# Slack.


def test_slack_gets_blocks_within_its_limits() -> None:
    with receiver() as got:
        assert slack.make(setup(url=got.url(HOOK))).send(MANY) == Sent()
    body = json.loads(got.posts[0].body)
    assert body["text"].startswith(
        "30 changes at 2 providers: 2026-08-22, shown here. Offers: 19 cheaper, 1 dearer, 8 new"
    )
    assert body["blocks"][0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": "30 changes at 2 providers", "emoji": False},
    }
    shown = json.dumps(body["blocks"], ensure_ascii=False)
    for part in (
        "*19 offers cheaper* (prices per 1M tokens; a request has 1,000 tokens in and 500 out)",
        "… and 4 more",
        "|gpt-5>  input $5.00 → $4.50,  output $25.00 → $20.00,  request $0.0035 → $0.003",
        "|alike-0>  input $9.00 → $4.50\\n        also alike-1, alike-2, alike-3, alike-4 and 1 more",
        "▲ `input`  $1.00 → $1.20 / 1M tokens  *+20 %*",
        "*8 new offers*",
        "and 2 more",
    ):
        assert part in shown


def test_slack_limits_hold_for_whatever_happens() -> None:
    events = [
        happened(EventKind.SOURCE_FAILING, f"p{n}/", source="s" * 200, note=NASTY * 30, name="") for n in range(40)
    ]
    events += [moved(f"p{n}/{'m' * 280}", "input", "2", "1") for n in range(60)]
    body = slack_body(digest_of(message(*events, title="t" * 400, omitted=3, count=103)))
    assert len(body["blocks"]) == MOST_BLOCKS
    for block in body["blocks"]:
        texts = [block.get("text", {}), *block.get("elements", [])]
        assert all(len(text.get("text", "")) <= MOST_TEXT for text in texts)
    assert len(body["blocks"][0]["text"]["text"]) == 150
    assert body["blocks"][-1]["elements"][0]["text"].startswith("3 of 103 events are not in this message")


# Layouts.


def nasty() -> Message:
    event = moved("acme/x", "input", "5", "4", note=NASTY, model="")
    event = event.model_copy(update={"model_id": NASTY, "links": ("javascript:alert(1)",)})
    proof = side("cache_read", "1", NASTY, address="javascript:alert(1)")
    return message(event, happened(EventKind.NEWLY_SOURCED, "acme/y", "cache_read", after=proof),
                   happened(EventKind.NEW_OFFER, f"acme/{NASTY}"), title=NASTY)  # fmt: skip


def test_f37_what_a_provider_wrote_does_nothing_in_any_layout() -> None:
    digest = digest_of(nasty())
    html = html_of(digest)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    rendered = MarkdownIt("commonmark").enable("table").render(markdown_of(digest))
    assert "<img" not in rendered
    assert 'href="javascript' not in rendered
    assert "<em>" not in rendered
    body = MarkdownIt("commonmark").enable("table").render(issue_of(nasty()).partition("\n")[2])
    outside = re.sub(r"<code>.*?</code>", "", body)
    assert "everyone" in outside
    assert not re.search(r"[@#]\w", outside)
    blocks = json.dumps(slack_body(digest)["blocks"][1:])  # a header is plain text
    assert "<img" not in blocks
    assert "<javascript" not in blocks


def test_the_same_content_is_in_every_layout() -> None:
    digest = digest_of(MANY)
    written = {
        "text": text_of(digest),
        "html": html_of(digest),
        "markdown": markdown_of(digest).replace("\\", ""),
        "slack": json.dumps(slack_body(digest), ensure_ascii=False),
    }
    parts = (
        "30 changes at 2 providers", "Offers: 19 cheaper, 1 dearer, 8 new, 1 withdrawn", "1 source failing",
        "got a Cloudflare challenge page", "1 offer with values held for review", "19 offers cheaper", "gpt-5",
        "scale_jump: it is a tenth of what it was", "−14 %", "−50 %", "1 offer dearer", "+20 %", "and 4 more",
        "alike-0", "alike-4", "and 1 more", "8 new offers", "new-5", "and 2 more", "gone-1", "$0.0035", "$9.00",
        "1 offer withdrawn", "1 offer with newly stated fields",
        "12 of 42 events are not in this message", "https://prices.example.com/changes",
    )  # fmt: skip
    for layout, text in written.items():
        assert not [part for part in parts if part not in text], layout
    # What fails comes before all of it, then what moved most, and last what waits for a person.
    heads = ("NEEDS ATTENTION", "ACME", "alike-0", "gpt-5", "m0", "BETA", "WAITS FOR A PERSON", "held for review")
    order = [written["text"].rindex(part) for part in heads]
    assert order == sorted(order)


def test_one_event_is_told_with_its_quotes() -> None:
    assert text_of(digest_of(ONE)) == (
        "acme/gpt-5 input: price down\n2026-08-22\n\nACME\n  1 offer cheaper\n    gpt-5\n"
        "      input  $5.00 → $4.50 / 1M tokens   −10 %\n"
        "        “$4.50”  https://prices.example.com/models?a=1&b=2\n"
        "      1,000 tokens in and 500 out: $0.0035 → $0.003 (−14 %)\n"
        "  evidence  https://prices.example.com/models?a=1&b=2  captured 2026-08-22\n"
    )


def digested(*events: Event) -> str:
    return text_of(digest_of(message(*events, digest=True)))


def test_moves_of_one_price_are_told_as_one() -> None:
    first = moved("acme/x", "input", "4", "2", request=True)
    second = moved("acme/x", "input", "2", "3", at=AT + timedelta(days=7), request=True)
    shown = digested(second, first)
    assert "2026-08-22 to 2026-08-29. Offers: 1 cheaper\n" in shown
    assert "1 offer cheaper" in shown
    assert "dearer" not in shown
    assert "input  $4.00 → $2.00 → $3.00 / 1M tokens   −25 %" in shown
    # Without what lies between them, they are two.
    gap = moved("acme/x", "input", "2.5", "3", at=AT + timedelta(days=7))
    assert "1 offer dearer" in digested(first, gap)
    assert "1 offer cheaper" in digested(first, gap)
    on = moved("acme/x", "input", "3", "3.5", at=AT + timedelta(days=8))
    assert "input  $2.50 → $3.00 → $3.50 / 1M tokens   +40 %" in digested(first, gap, on)


def test_offers_that_share_an_id_are_counted_and_named_apart() -> None:
    twins: list[dict[str, Any]] = [{"name": name, "shared_id": True} for name in ("Large", "Small")]
    shown = digested(*(happened(EventKind.NEW_OFFER, "acme/x", **twin) for twin in twins))
    assert "Offers: 2 new\n" in shown
    assert "  2 new offers: x (Large), x (Small)\n" in shown
    specs = [happened(EventKind.SPEC_CHANGED, f"acme/m{n}", "status", **twin) for n in range(6) for twin in twins]
    assert "  12 offers with changed specs: status (12)\n" in digested(*specs)


def test_the_command_that_lists_all_can_be_copied_from_every_layout() -> None:
    command = "ratecard alerts preview --since 2026-08-22 --subscriber 'our_team'"
    digest = digest_of(
        message(moved("acme/x", "input", "4", "2"), digest=True, count=2, omitted=1, list_command=command)
    )
    rendered = MarkdownIt("commonmark").render(markdown_of(digest))
    assert f"<code>{command}</code> lists all" in rendered
    assert f"`{command}` lists all" in text_of(digest)
    assert f"`{command}` lists all" in json.dumps(slack_body(digest))


def test_a_list_for_a_chat_shows_names_as_they_are() -> None:
    digest = digest_of(message(moved("acme/a|b", "input", "4", "2")))
    assert "- [`a|b`](" in markdown_of(digest, tables=False)
    assert r"| [`a\|b`](" in markdown_of(digest)


def test_numbers_of_many_offers_stand_below_each_other() -> None:
    events = [moved(f"acme/{'long-' * n}x", "input", "4", f"{2 + n / 8}") for n in range(9)]
    shown = digested(*events, moved("acme/x", "output", "10", "8"), moved("acme/c", "cache_read", "1", "0.5"))
    rows = [line for line in shown.splitlines() if "→" in line]
    assert len(rows) == 10
    assert len({line.index("→") for line in rows if "$4.00" in line}) == 1
    assert len({line.index("%") for line in rows}) == 1
    assert "x                                         $4.00 →  $2.00   $10.00 → $8.00    −50 %" in shown
    assert "cache_read $1.00 → $0.50 / 1M tokens" in shown
    assert "\n    long-long-long-long-long-long-long-long-x\n" in shown, "too long for its column"


def test_an_offer_of_which_one_price_fell_and_another_rose_is_cheaper_or_dearer_and_not_both() -> None:
    falls = moved("acme/x", "input", "4", "2", request=True)
    shown = digested(falls, moved("acme/x", "output", "4", "5", request=True))
    assert "Offers: 1 cheaper\n" in shown
    assert "input   $4.00 → $2.00 / 1M tokens   −50 %\n      output  $4.00 → $5.00 / 1M tokens   +25 %" in shown
    # Without what it means for a request, the first of its prices says it.
    assert "Offers: 1 dearer\n" in digested(moved("acme/y", "input", "4", "5"), moved("acme/y", "output", "9", "8"))


def test_a_price_that_came_back_is_neither_cheaper_nor_dearer() -> None:
    there = moved("acme/x", "input", "4", "2")
    back = moved("acme/x", "input", "2", "4", at=AT + timedelta(days=7))
    shown = digested(there, back)
    assert "1 offer whose price moved and came back" in shown
    assert "$4.00 → $2.00 → $4.00 / 1M tokens" in shown
    assert "cheaper" not in shown
    assert "dearer" not in shown


def test_amounts_are_rounded_to_what_is_meaningful_unless_that_hides_a_move() -> None:
    assert "$0.0833333 → $0.0208333" in digested(moved("acme/x", "input", "0.08333333333333", "0.02083333333333"))
    assert "$1.0000001 → $1.0000002" in digested(moved("acme/x", "input", "1.0000001", "1.0000002"))


def test_a_unit_is_said_of_an_amount_only() -> None:
    gone = happened(EventKind.NO_LONGER_SOURCED, "acme/x", "cache_read", before=side("cache_read", "0.1"))
    barred = happened(
        EventKind.NOT_OFFERED_ANY_MORE, "acme/y", "input", before=side("input", "1"), after=side("input", None)
    )
    shown = digested(gone, barred)
    assert "cache_read  $0.10 / 1M tokens → no longer stated\n" in shown
    assert "input  $1.00 / 1M tokens → Not offered\n" in shown


# Files.


def test_a_report_and_an_issue_are_written_once_however_often_they_are_sent(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    for form in ("report", "issue"):
        channel = markdown.make(setup(folder=str(folder / form), form=form))
        for _ in range(2):
            assert channel.send(MANY) == Sent()
        [file] = (folder / form).iterdir()
        assert file.name == f"2026-08-22-{MANY.id}.md"
    report = (folder / "report" / file.name).read_text(encoding="utf-8")
    assert report.startswith("# 30 changes at 2 providers\n\n2026-08-22, shown here. Offers: 19 cheaper")
    issue = (folder / "issue" / file.name).read_text(encoding="utf-8")
    assert issue.startswith("30 changes at 2 providers\n\n2026-08-22, shown here. Offers: 19 cheaper")
    assert issue.endswith(f"<!-- ratecard {MANY.id} -->\n")


def test_a_folder_that_cannot_be_written_is_an_honest_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    failed = markdown.make(setup(folder=str(tmp_path / "file" / "reports"))).send(ONE)
    assert isinstance(failed, Failed)
    assert "cannot be written" in failed.error


def test_an_issue_is_never_larger_than_it_may_be() -> None:
    events = [happened(EventKind.SOURCE_FAILING, f"p{n}/", source="s", note="word " * 1000) for n in range(40)]
    assert len(issue_of(message(*events))) < 65_536


@pytest.mark.parametrize("kind", ["stdout", "markdown"])
def test_standard_output(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert module_of(kind).make(setup()).send(ONE) == Sent()
    out = capsys.readouterr().out
    assert "acme/gpt-5 input: price down" in out.replace("\\", "")
    assert "−10 %" in out


# E-mail.


class Inbox:
    """What a mail server does with mail: it keeps it, or answers what a test says."""

    def __init__(self) -> None:
        self.mails: list[tuple[Envelope, EmailMessage]] = []
        self.refuse_data = ""
        self.refuse: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse_data:
            return self.refuse_data
        raw = envelope.original_content or b""
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append((envelope, parsed))
        return "250 OK"


@contextmanager
def mail_server(**more: Any) -> Iterator[tuple[Inbox, int]]:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=0, **more)
    with free_port() as port:
        controller.port = port
    controller.start()
    try:
        yield inbox, port
    finally:
        controller.stop()


@contextmanager
def free_port() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def mailing(port: int, **more: Any) -> Channel:
    told = {"security": "none", "from": "Rate Card <alerts@example.com>", "to": ["ops@example.com"], **more}
    return mail.make(setup(host="127.0.0.1", port=port, **told))


def test_a_mail_has_html_and_text_and_is_known_again() -> None:
    with mail_server() as (inbox, port):
        channel = mailing(port, to=["ops@example.com", "finops@example.com"])
        assert [channel.send(MANY), channel.send(MANY)] == [Sent(), Sent()]
    (envelope, first), (_, again) = inbox.mails
    assert envelope.rcpt_tos == ["ops@example.com", "finops@example.com"]
    assert envelope.mail_from == "alerts@example.com"
    assert first["Subject"] == "30 changes at 2 providers"
    assert first["From"] == "Rate Card <alerts@example.com>"
    assert first["List-Id"] == "ratecard alerts <ratecard-alerts.example.com>"
    assert first["Message-ID"] == again["Message-ID"]
    assert MANY.id in first["Message-ID"]
    text, html = first.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert text.get_content().replace("\r\n", "\n") == text_of(digest_of(MANY))
    assert "prefers-color-scheme: dark" in html.get_content()
    assert "$5.00" in html.get_content()
    raw = envelope.original_content or b""
    assert max(map(len, raw.splitlines())) < 998


def test_a_mail_that_one_recipient_does_not_get_is_sent_to_nobody() -> None:
    with mail_server() as (inbox, port):
        inbox.refuse["gone@example.com"] = "550 no such mailbox"
        channel = mailing(port, to=["ops@example.com", "gone@example.com"])
        failed = channel.send(ONE)
        assert isinstance(failed, Failed)
        assert "refuses a recipient: 550 no such mailbox" in failed.error
        assert inbox.mails == []
        inbox.refuse.clear()
        inbox.refuse_data = "451 later"
        failed = channel.send(ONE)
        assert isinstance(failed, Failed)
        assert "answered 451: later" in failed.error
        inbox.refuse_data = ""
        assert channel.send(ONE) == Sent()


def test_a_mail_server_that_says_nothing_or_is_not_there() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        channel = mailing(port)
        assert isinstance(channel, mail.Email)
        start = time.monotonic()
        hung = mail.Email(channel.setup, channel.options, channel.clock, seconds=0.3).send(ONE)
        assert time.monotonic() - start < 2
    assert isinstance(hung, Failed)
    assert "or took too long" in hung.error
    assert isinstance(mailing(port).send(ONE), Failed)


def test_a_mail_server_without_encryption_is_not_given_what_is_to_be_encrypted() -> None:
    with mail_server() as (inbox, port):
        failed = mailing(port, security="starttls", user="me", password="hush-hush").send(ONE)  # noqa: S106
    assert isinstance(failed, Failed)
    assert "STARTTLS" in failed.error
    assert inbox.mails == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"password": "hush"}, "would send its password for all to read"),
        ({"to": "a@example.com, b@example.com"}, "must be a mailbox, .*; several make a list"),
        ({"from": "nobody"}, "'from' of the channel 'here' must be a mailbox"),
        ({"to": ["a@example.com\nBcc: b@example.com"]}, "'to' of the channel 'here' must be a mailbox"),
    ],
)
def test_mail_settings_that_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RatecardError, match=said):
        mailing(25, **options)


def test_a_mail_server_at_a_private_address_is_refused_unless_allowed() -> None:
    options: dict[str, Any] = {"host": "127.0.0.1", "security": "none", "from": "a@example.com", "to": "b@example.com"}
    failed = mail.make(setup(private=False, **options)).send(ONE)
    assert failed == Failed(error="127.0.0.1 leads to 127.0.0.1, which is not a public address", refused=True)


# TLS.


def test_a_webhook_over_tls_and_a_certificate_that_is_not_to_be_trusted(authority: Authority) -> None:
    for signed, sent in ((True, True), (False, False)):
        with receiver(tls=authority.context("pages.test", signed=signed)) as got:
            answer = webhook.make(setup(url=f"https://pages.test:{got.port}{HOOK}", secrets=[NEW])).send(ONE)
        assert (answer == Sent()) is sent
        assert len(got.posts) == sent
    assert isinstance(answer, Failed)
    assert answer.error.startswith(f"pages.test:{got.port} could not be reached: its certificate is not to be trusted")
    with receiver(tls=authority.context("other.test")) as got:
        answer = webhook.make(setup(url=f"https://pages.test:{got.port}{HOOK}", secrets=[NEW])).send(ONE)
    assert isinstance(answer, Failed)
    assert "certificate" in answer.error


def _login(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"ratecard", b"hush-hush"), handled=False)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_over_tls_with_a_password(authority: Authority, security: str) -> None:
    context = authority.context("mail.test")
    tls = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    # By its own reckoning the server has no TLS where that is there from the beginning.
    auth = {"authenticator": _login, "auth_require_tls": security == "starttls"}
    told: dict[str, Any] = {"security": security, "user": "ratecard", "from": "alerts@mail.test", "to": "ops@mail.test"}
    with mail_server(**tls, **auth) as (inbox, port):
        for password, said in (("wrong", "answered 535"), ("hush-hush", "")):
            answer = mail.make(setup(host="mail.test", port=port, password=password, **told)).send(ONE)
            assert (said in answer.error) if isinstance(answer, Failed) else not said
        wrong = mail.make(setup(host="pages.test", port=port, password="hush-hush", **told)).send(ONE)  # noqa: S106
    assert isinstance(wrong, Failed)
    assert "certificate" in wrong.error
    assert len(inbox.mails) == 1


# Apprise.


LONG = message(
    *(moved(f"acme/model-{n:03}", "input", "9", str(1 + n), request=True) for n in range(90)),
    *(happened(EventKind.SPEC_CHANGED, f"p{n}/model", "status", before=side("status", "x")) for n in range(90)),
    title="180 changes of 91 providers: 90 price cuts", digest=True, list_command="ratecard alerts preview",
)  # fmt: skip


def test_apprise_sends_what_each_service_shows_and_as_much_as_it_takes() -> None:
    """Services that people run themselves, each at a real receiver: what it gets, in its own form."""
    pytest.importorskip("apprise")
    with receiver(lambda *_: (200, {}, b"{}")) as got, mail_server() as (inbox, port):
        host = got.base.removeprefix("http://")
        addresses = {
            "json": f"json://{host}/json",
            "ntfy": f"ntfy://{host}/topic",
            "gotify": f"gotify://{host}/gotify/Atoken45678",
            "mmost": f"mmost://{host}/{'m' * 24}",
            "webhook": f"rocket://{'a' * 24}/{'b' * 24}@{host}/#ops?mode=webhook",
            "mail": f"mailtos://127.0.0.1:{port}/?mode=insecure&from=a@example.com&to=ops@example.com",
        }
        with ThreadPoolExecutor(2) as pool:
            told = {"json": ONE, "mail": ONE}
            channels = {name: module_of("apprise").make(setup(url=url)) for name, url in addresses.items()}
            sent = {name: pool.submit(channel.send, told.get(name, LONG)) for name, channel in channels.items()}
            assert {name: done.result() for name, done in sent.items()} == dict.fromkeys(addresses, Sent())
    bodies = {name: post.body for post in got.posts for name in addresses if post.path.startswith(_PATHS[name])}
    value = json.loads(bodies["json"])
    assert value["title"] == "acme/gpt-5 input: price down"
    assert value["message"].startswith("2026-08-22\n\nACME\n")
    assert "$5.00 → $4.50 / 1M tokens" in value["message"]
    assert json.loads(bodies["gotify"])["message"].startswith("2026-08-22. Offers: 9 cheaper, 81 dearer")
    texts = {name: json.loads(bodies[name])["text"] for name in ("mmost", "webhook")} | {
        "ntfy": bodies["ntfy"].decode()
    }
    for (name, text), most in zip(texts.items(), (4000, 1000, 7800), strict=True):
        assert most - 200 < len(text.encode()) <= most, name
        assert text.count("180 changes of 91 providers") == 1, name
        assert re.search(r"\n… \d+ more lines do not fit here; all of it: ratecard alerts preview\s*$", text), name
    assert "▼ −14 %  model-000  input $9.00 → $1.00" in texts["mmost"]
    assert f"- **▼ −14 %** [`model-000`]({PAGE}) input $9.00 → $1.00" in texts["webhook"]
    [(_, letter)] = inbox.mails
    assert letter["Subject"] == "acme/gpt-5 input: price down"
    pages = [part.get_content() for part in letter.walk() if part.get_content_type() == "text/html"]
    assert [page.count("<h1 ") for page in pages] == [1]
    assert "<strong>$4.50</strong>" in pages[0]


_PATHS: Final = {
    "json": "/json", "ntfy": "/topic", "gotify": "/gotify/", "mmost": "/hooks/mm", "webhook": "/hooks/aa",
    "mail": "nowhere",
}  # fmt: skip


def test_what_a_service_cannot_take_is_cut_after_a_line_and_says_so() -> None:
    lines = "".join(f"line {n} −\n" for n in range(100))
    for most in (200, 500, 1100):
        shown = cut(lines, most, "https://a.example/changes.html")
        kept, last = shown.splitlines()[:-1], shown.splitlines()[-1]
        assert len(shown.encode()) <= most
        assert kept == lines.splitlines()[: len(kept)]
        assert last == f"… {100 - len(kept)} more lines do not fit here; all of it: https://a.example/changes.html"
    assert cut(lines, 2000, "") == lines
    assert cut("−" * 50, 10, "") == "−−−", "not even a line and the sentence"


def test_apprise_reaches_no_private_address_and_tells_no_secret() -> None:
    pytest.importorskip("apprise")
    secret = "sesame-open-4711"  # noqa: S105
    with receiver() as got:
        address = got.base.removeprefix("http://")
        made = setup(url=f"json://{address}/{secret}", private=False, hidden=(secret,))
        failed = module_of("apprise").make(made).send(ONE)
        assert got.posts == []
    assert isinstance(failed, Failed)
    assert secret not in failed.error
    with receiver(lambda *_: (500, {}, b"")) as got:
        address = got.base.removeprefix("http://")
        failed = module_of("apprise").make(setup(url=f"json://{address}/{secret}")).send(ONE)
    assert isinstance(failed, Failed)
    assert "500" in failed.error
    assert secret not in failed.error


def test_apprise_asks_no_private_address_by_whatever_scheme() -> None:
    """Every connection is checked as it is made, so that it does not matter where an address has its host."""
    pytest.importorskip("apprise")
    with receiver() as got, mail_server() as (inbox, port):
        host = got.base.removeprefix("http://")
        urls = [
            f"gotify://{host}/Atoken45678",
            f"mailtos://127.0.0.1:{port}/?mode=insecure&from=a@a.example&to=b@b.example",
        ]
        with ThreadPoolExecutor(2) as pool:
            channels = [module_of("apprise").make(setup(url=url, private=False)) for url in urls]
            answers = list(pool.map(lambda channel: channel.send(ONE), channels))
        assert (got.posts, inbox.mails) == ([], [])
    assert all(isinstance(answer, Failed) for answer in answers)


def test_an_address_that_apprise_does_not_know() -> None:
    pytest.importorskip("apprise")
    with pytest.raises(RatecardError, match="must be one of Apprise's"):
        module_of("apprise").make(setup(url="hooks.example.com/x"))
    failed = module_of("apprise").make(setup(url="nonsense://secret-thing")).send(ONE)
    assert isinstance(failed, Failed)
    assert "knows no service" in failed.error
    assert "secret-thing" not in failed.error


# The whole way.


def test_a_change_reaches_a_webhook_that_was_down_a_mailbox_and_slack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    down = {"count": 2}

    def respond(post: Posted, _before: int) -> tuple[int, Mapping[str, str], bytes]:
        if post.path == "/slack" or not down["count"]:
            return taking(post, 0)
        down["count"] -= 1
        return 500, {}, b"down"

    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    folder = Folder(tmp_path / "captures")
    folder.add(price_page([("Claude Opus 4.7", "5", "25")]), "2026-05-01")
    folder.add(price_page([("Claude Opus 4.7", "4.50", "25")]), "2026-05-08")
    with receiver(respond) as got, mail_server() as (inbox, port):
        rules = tmp_path / "alerts.toml"
        rules.write_text(
            f"""
            [[subscriber]]
            name = "finops"
            channels = ["hook", "chat", "mail"]
            [[subscriber.rule]]
            kinds = ["price_down"]
            [channels.hook]
            type = "webhook"
            url = "{got.url("/hook")}"
            secrets = ["${{HOOK_SECRET}}"]
            [channels.chat]
            type = "slack"
            url = "{got.base}/${{CHAT}}"
            [channels.mail]
            type = "email"
            host = "127.0.0.1"
            port = {port}
            security = "none"
            from = "alerts@example.com"
            to = "ops@example.com"
            """
        )
        monkeypatch.setenv("RATECARD_ALERTS", str(rules))
        monkeypatch.setenv("RATECARD_ALLOW_PRIVATE_HOSTS", '["127.0.0.1"]')
        monkeypatch.setenv("HOOK_SECRET", NEW)
        monkeypatch.setenv("CHAT", "slack")
        for day in ("2026-05-01", "2026-05-08"):
            assert ratecard("refresh", "anthropic", "--replay", folder.path, "--at", day).code == 0
        said = [ratecard("alerts", "deliver"), ratecard("alerts", "list"), ratecard("alerts", "retry")]
        said += [ratecard("alerts", "retry"), ratecard("alerts", "list")]
    assert not [ran for ran in said if NEW in ran.out + ran.err]
    hooks = [post for post in got.posts if post.path == "/hook"]
    assert len(hooks) == 3
    assert len({post.headers["webhook-id"] for post in hooks}) == 1
    value = Verifier(NEW).verify(hooks[-1].body, dict(hooks[-1].headers))
    [event] = value["data"]["events"]
    assert (event["kind"], event["before"]["value"], event["after"]["value"]) == ("price_down", "5", "4.50")
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(value)
    assert len([post for post in got.posts if post.path == "/slack"]) == 1
    [(_, letter)] = inbox.mails
    assert "anthropic/Claude Opus 4.7 input: price down" in letter["Subject"]


# All of them.


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_checks_its_table(kind: str) -> None:
    module = module_of(kind)
    assert callable(module.make)
    with pytest.raises(ValueError, match="nonsense"):
        module.Options.model_validate({"nonsense": 1})


def test_f42_no_failure_repeats_a_secret() -> None:
    def repeating(post: Posted, _before: int) -> tuple[int, Mapping[str, str], bytes]:
        return 403, {}, f"no: {post.path}".encode()

    with receiver(repeating) as got:
        tables: dict[str, dict[str, Any]] = {"webhook": {"secrets": [NEW]}, "slack": {}}
        for kind, more in tables.items():
            made = setup(url=got.url(HOOK), hidden=("very-secret-token",), **more)
            failed = module_of(kind).make(made).send(ONE)
            assert isinstance(failed, Failed)
            assert "answered 403" in failed.error
            assert "very-secret" not in failed.error
