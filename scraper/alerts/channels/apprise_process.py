"""The process that sends one message through Apprise: standard input says what to send, standard output how it went.

It connects to public addresses only, and to hosts that the settings allow: whatever opens a connection, Python says to
where before it does.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import socket
import sys
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from scraper.fetch.addresses import is_public

_LONG: Final = 10_000
_BREAK: Final = 16
"""What a service may put between a title and a body."""

_EVENTS: Final = ("socket.connect", "socket.sendto", "socket.sendmsg")


class _NotAllowed(OSError):
    """A connection that must not be made."""


def forbid_private(allowed: Sequence[str]) -> None:
    """Let this process connect to public addresses and the allowed hosts only, from now until it ends."""
    refusing = False

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal refusing
        if event not in _EVENTS or refusing:
            return
        address = arguments[1]
        refusing = True  # looking the allowed hosts up may connect to a name server
        try:
            if not _may_connect(address, allowed):
                raise _NotAllowed("leads to what is not a public address")
        finally:
            refusing = False

    sys.addaudithook(watch)


def _may_connect(address: object, allowed: Sequence[str]) -> bool:
    if not isinstance(address, tuple) or not address:
        return False
    host = str(address[0])
    try:
        if is_public(ip_address(host)):
            return True
    except ValueError:
        return False  # a name: it would be looked up after this
    return any(host in _addresses(name) for name in allowed)


def _addresses(name: str) -> set[str]:
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(name, None)}
    except OSError:
        return set()


class _Last(logging.Handler):
    """Keeps the last thing that went wrong."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.said = record.getMessage()


def deliver(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Send a message; return whether it was `sent`, and the `error` where it was not."""
    import apprise  # an extra

    last = _Last()
    log = logging.getLogger("apprise")
    log.addHandler(last)
    log.propagate = False
    forbid_private([*wanted["allowed"], *([host] if (host := urlsplit(wanted["proxy"]).hostname) else [])])
    service = apprise.Apprise.instantiate(wanted["url"], suppress_exceptions=True)
    if service is None:
        return {"sent": False, "error": "it knows no service with this address, or the address lacks something"}
    form, title, body = fitting(wanted, service)
    sending = apprise.Apprise()
    sending.add(service)
    sent = sending.notify(title=title, body=body, body_format=form)
    return {"sent": bool(sent), "error": last.said or "the service did not take it"}


def fitting(wanted: Mapping[str, Any], service: Any) -> tuple[str, str, str]:
    """Return the form, the title and the body that a service shows whole.

    A page of HTML is for services that take long ones, which is mail: a chat shows a few tags. What is too long is cut
    at the end of a line, and says so.
    """
    chosen = service.resolve_format() if hasattr(service, "resolve_format") else service.notify_format
    form = str(getattr(chosen, "value", chosen))
    most = int(service.body_maxlen)
    if form not in wanted or (form == "html" and (most < _LONG or len(wanted["html"]) > most)):
        form = "text"
    title = str(wanted["title"])
    if (longest := int(service.title_maxlen)) > 0:
        title = title if len(title) <= longest else f"{title[: longest - 1]}…"
    else:
        # It comes before the body then.
        most -= len(title) + _BREAK
    return form, title, cut(wanted[form], most, wanted["all"])


def cut(body: str, most: int, whole: str) -> str:
    """Return a body that has so many bytes at most, ended after a line, with what was left out and where all is."""
    if len(body.encode()) <= most:
        return body
    lines = body.splitlines()
    for kept in range(len(lines) - 1, -1, -1):
        said = f"… {len(lines) - kept:,} more lines do not fit here" + (f"; all of it: {whole}" if whole else "")
        shown = "\n".join((*lines[:kept], said)) + "\n"
        if len(shown.encode()) <= most:
            return shown
    return body.encode()[: max(most, 0)].decode(errors="ignore")


def main() -> None:
    """Read what to send, send it, and say what came of it; nothing else goes to standard output."""
    wanted = json.loads(sys.stdin.buffer.read())
    with contextlib.redirect_stdout(io.StringIO()):
        answer = deliver(wanted)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
