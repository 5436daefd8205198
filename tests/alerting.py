"""Events and messages as tests need them, and receivers on loopback that messages are sent to."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scraper.alerts.message import ChannelSetup, Message, message_id
from scraper.events import Event, EventEvidence, EventKind, Severity, Side, TypicalRequest, event_id, percent_of
from scraper.meters import unit_of
from scraper.settings import Settings

AT = datetime(2026, 8, 22, 5, tzinfo=UTC)
PAGE = "https://prices.example.com/models?a=1&b=2"
NASTY = "<img src=x onerror=alert(1)>`|[x](javascript:alert(1)) @everyone #1 *b*"


def side(field_name: str, value: str | None, quote: str = "", *, currency: str = "USD", address: str = PAGE) -> Side:
    """What was said of a field, with its evidence; None is not offered."""
    proof = EventEvidence(
        address=address, captured_at=AT, capture="c" * 64, locator="$.data[0]", quote=quote or f"${value}"
    )
    unit = unit_of(field_name)
    state = "sourced" if value is not None else "not_offered"
    return Side(state=state, value=value, currency=currency if unit and value else None, unit=unit, evidence=proof)


def moved(
    offer: str, field_name: str, before: str, after: str, *, at: datetime = AT, request: bool = False, **more: Any
) -> Event:
    """A price that moved."""
    percent = percent_of(Decimal(before), Decimal(after))
    kind = EventKind.PRICE_UP if Decimal(after) > Decimal(before) else EventKind.PRICE_DOWN
    typical = TypicalRequest(before=Decimal("0.0035"), after=Decimal("0.0030"), currency="USD")
    return happened(
        kind,
        offer,
        field_name,
        before=side(field_name, before),
        after=side(field_name, after),
        percent=percent,
        typical_request=typical if request else None,
        at=at,
        **more,
    )


def happened(kind: EventKind, offer: str, field_name: str = "", *, at: datetime = AT, **more: Any) -> Event:
    """Something that happened to an offer, `provider/id`."""
    provider, _, model_id = offer.partition("/")
    told = {"severity": Severity.NOTICE, "links": (PAGE,), "source": "models", "name": model_id, **more}
    parts = (provider, model_id, field_name, at.isoformat(), str(more.get("after")))
    return Event(
        id=event_id(kind, *parts), kind=kind, at=at, provider=provider, model_id=model_id, field=field_name, **told
    )


def message(*events: Event, title: str = "Prices moved", digest: bool = False, **more: Any) -> Message:
    """A message of these events."""
    told = {"count": len(events), **more}
    return Message(
        id=message_id("ops", [event.id for event in events]),
        subscriber="ops",
        events=events,
        digest=digest,
        title=title,
        **told,
    )


def setup(name: str = "here", hidden: tuple[str, ...] = (), private: bool = True, **options: Any) -> ChannelSetup:
    """What a channel is made of; `hidden` are its secrets, and `private` lets it reach loopback."""
    hosts = ["127.0.0.1", "localhost", "pages.test", "mail.test"] if private else []
    settings = Settings.model_validate({"allow_private_hosts": hosts})
    return ChannelSetup(name=name, options=options, secrets=hidden, settings=settings)


@dataclass(frozen=True)
class Posted:
    """A post as a receiver got it."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Respond = Callable[[Posted, int], tuple[int, Mapping[str, str], bytes]]
"""Gives status, headers and body for a post and the number of those before it; may sleep."""


@dataclass
class Receiver:
    """A running receiver with what it got."""

    base: str
    port: int
    posts: list[Posted] = field(default_factory=list)

    def url(self, path: str = "/hook") -> str:
        return self.base + path


def taking(_post: Posted, _before: int) -> tuple[int, Mapping[str, str], bytes]:
    """Take everything."""
    return 204, {}, b""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: some tests are about clients that break off."""


@contextlib.contextmanager
def receiver(respond: Respond = taking, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver of posts on loopback for the time of a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            post = Posted(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            got.posts.append(post)
            with contextlib.suppress(OSError):
                status, headers, answer = respond(post, len(got.posts) - 1)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        got = Receiver(f"http://127.0.0.1:{server.server_address[1]}", server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield got
        finally:
            server.shutdown()
            thread.join()
