"""E-mail by SMTP: HTML with plain text as its alternative, a stable Message-ID, and a List-Id to sort by."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, getaddresses, parseaddr
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.html import html_of
from scraper.alerts.layout.plain import text_of
from scraper.alerts.message import Channel, ChannelSetup, Failed, Message, Sent
from scraper.errors import RatecardError
from scraper.fetch import failure
from scraper.fetch.addresses import resolve
from scraper.fetch.deadline import Loop
from scraper.times import utc_now

SECONDS: Final = 23.0
_LOOK_UP_SECONDS: Final = 5.0
_SUBJECT: Final = 200
_OK: Final = 250
_FORWARDED: Final = 251
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


class Options(BaseModel):
    """A mail server and who gets mail: `to` is one address or several, `from` the sender.

    `security` is how the connection is kept secret: `starttls` (the default), `tls` from its beginning, or `none`, with
    which there must not be a password. `port` is 587, 465 or 25 where it is not said.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = ""
    sender: str = Field(alias="from", min_length=3)
    to: str | list[str] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Email:
    """Sends messages through one mail server."""

    setup: ChannelSetup
    options: Options
    clock: Callable[[], datetime]
    seconds: float = SECONDS

    def send(self, message: Message) -> Sent | Failed:
        """Send a message; the server takes it for all who get it, or it has failed."""
        mail = mail_of(message, self.options, self.clock())
        try:
            self._deliver(mail)
        except failure.Failed as error:
            return self._failed(f"{self.options.host} {error}", refused=True)
        except smtplib.SMTPRecipientsRefused as error:
            return self._failed(f"{self.options.host} refuses a recipient: {_first(error)}", refused=True)
        except smtplib.SMTPResponseException as error:
            said = (
                error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
            )
            return self._failed(f"{self.options.host} answered {error.smtp_code}: {said}", refused=True)
        except smtplib.SMTPServerDisconnected:
            return self._failed(f"{self.options.host} broke the connection off, or took too long")
        except smtplib.SMTPException as error:
            return self._failed(f"{self.options.host}: {error}")
        except (OSError, ValueError) as error:
            return self._failed(
                f"{self.options.host} could not be reached, or took too long: {error or type(error).__name__}"
            )
        return Sent()

    def _failed(self, error: str, *, refused: bool = False) -> Failed:
        return Failed(error=" ".join(self.setup.mask(error).split())[:300], refused=refused)

    def _deliver(self, mail: EmailMessage) -> None:
        options = self.options
        port = options.port or _PORTS[options.security]
        private = options.host.lower() in self.setup.settings.allow_private_hosts
        server = _Smtp(
            _place_of(options.host, port, private=private),
            self.seconds,
            tls=_trust() if options.security == "tls" else None,
        )
        with server.ending():
            server.connect(options.host, port)
            server.ehlo_or_helo_if_needed()
            if options.security == "starttls":
                server.starttls(context=_trust())
                server.ehlo()
            if options.user:
                server.login(options.user, options.password)
            server.hand_over(mail, parseaddr(options.sender)[1], [parseaddr(to)[1] for to in _recipients(options)])


def _place_of(host: str, port: int, *, private: bool) -> str:
    """Return a checked address of a host."""

    async def looked_up() -> list[str]:
        async with asyncio.timeout(_LOOK_UP_SECONDS):
            return await resolve(host, port, private=private)

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(looked_up())[0]


class _Smtp(smtplib.SMTP):
    """Connects to the address that was checked, speaks to the name, and ends when its time is over."""

    def __init__(self, place: str, seconds: float, tls: ssl.SSLContext | None) -> None:
        super().__init__(timeout=seconds)
        self._place = place
        self._tls = tls
        self._seconds = seconds

    def connect(  # type: ignore[override]
        self, host: str = "localhost", port: int = 0, source_address: tuple[str, int] | None = None
    ) -> tuple[int, bytes]:
        # The library takes the name that a certificate must be for from here.
        self._host = host
        return super().connect(host, port, source_address)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected = socket.create_connection((self._place, port), timeout)
        return connected if self._tls is None else self._tls.wrap_socket(connected, server_hostname=host)

    def hand_over(self, mail: EmailMessage, sender: str, recipients: list[str]) -> None:
        """Send a mail to all recipients or, where one is refused, to none: it will be tried again as a whole."""
        code, said = self.mail(sender)
        if code != _OK:
            raise smtplib.SMTPSenderRefused(code, said, sender)
        for recipient in recipients:
            code, said = self.rcpt(recipient)
            if code not in (_OK, _FORWARDED):
                raise smtplib.SMTPRecipientsRefused({recipient: (code, said)})
        code, said = self.data(mail.as_bytes())
        if code != _OK:
            raise smtplib.SMTPDataError(code, said)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Close the connection at the end of a block, and whatever happens when the time is over.

        The library's own limit is for each line.
        """
        watch = threading.Timer(self._seconds, self._cut)
        watch.daemon = True
        watch.start()
        try:
            yield
        except BaseException:
            self.close()
            raise
        else:
            self._leave()
        finally:
            watch.cancel()

    def _cut(self) -> None:
        if (connected := self.sock) is not None:
            with suppress(OSError):
                # Not the method of a TLS socket, which would take it apart under the thread that waits for it.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)

    def _leave(self) -> None:
        # The server has taken the message by now; how it says goodbye changes nothing.
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):
            self.close()


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _first(error: smtplib.SMTPRecipientsRefused) -> str:
    code, said = next(iter(error.recipients.values()), (0, b""))
    return f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"


def mail_of(message: Message, options: Options, now: datetime) -> EmailMessage:
    """Make the mail of a message; its Message-ID is the same however often it is sent."""
    digest = digest_of(message)
    mail = EmailMessage(policy=SMTP_POLICY)
    sender = parseaddr(options.sender)[1]
    domain = sender.rpartition("@")[2]
    # The same message to others, through another channel, is another mail.
    to = _recipients(options)
    mark = hashlib.sha256("\n".join((sender, *to)).encode()).hexdigest()[:8]
    mail["Subject"] = " ".join(message.title.split())[:_SUBJECT]
    mail["From"] = options.sender
    mail["To"] = ", ".join(to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.id}.{mark}@{domain}>"
    mail["List-Id"] = f"ratecard alerts <ratecard-alerts.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Ratecard-Message"] = message.id
    mail.set_content(text_of(digest), cte="quoted-printable")
    mail.add_alternative(html_of(digest), subtype="html", cte="quoted-printable")
    return mail


def _recipients(options: Options) -> list[str]:
    return [options.to] if isinstance(options.to, str) else list(options.to)


def _check_mailbox(text: str, key: str, channel: str) -> None:
    try:
        [(_, mailbox)] = getaddresses([text])
        Address(addr_spec=mailbox)
        usable = "@" in mailbox and text.isprintable()
    except (MessageError, ValueError, IndexError):
        usable = False
    if not usable:
        raise RatecardError(
            f"{key!r} of the channel {channel!r} must be a mailbox, such as alerts@example.com; several make a list"
        )


def make(setup: ChannelSetup, clock: Callable[[], datetime] = utc_now) -> Channel:
    """Make the channel."""
    options = Options.model_validate(setup.options)
    _check_mailbox(options.sender, "from", setup.name)
    for text in _recipients(options):
        _check_mailbox(text, "to", setup.name)
    if options.security == "none" and options.password:
        raise RatecardError(
            f"the channel {setup.name!r} would send its password for all to read; set security to starttls or tls"
        )
    return Email(setup, options, clock)
