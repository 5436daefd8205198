"""Posting to an address that a person named: checked, bounded, without redirects, and silent about its secrets.

The address itself is a secret as a rule (whoever has it can post): what is said of a failure names its host only.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

import httpx2 as httpx

from scraper.alerts.message import ChannelSetup, Failed, Sent
from scraper.errors import RatecardError
from scraper.fetch import failure
from scraper.fetch.addresses import check_literal, resolve
from scraper.fetch.deadline import Loop
from scraper.fetch.hosts import bare_name, check, host_name, parsed, port_of
from scraper.fetch.later import retry_after
from scraper.settings import Settings

SECONDS: Final = 20.0
"""For everything: looking the name up, connecting, sending, and the answer."""

_ANSWER_LIMIT: Final = 64 * 1024
_SHOWN_OF_ANSWER: Final = 120
_GONE: Final = 410
_LATER: Final = (429, 503)


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be posted to; `text` of it is never shown, but for its `host`."""

    url: httpx.URL

    @property
    def host(self) -> str:
        """The host, with its port unless that is the scheme's own."""
        return host_name(self.url)


def _trust() -> ssl.SSLContext:
    """Return whose certificates are trusted."""
    return _trusted(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@lru_cache(maxsize=4)
def _trusted(_file: str, _folder: str) -> ssl.SSLContext:
    # It is slow to load, and reads these variables by itself.
    return httpx.create_ssl_context()


def target_of(address: str, channel: str, settings: Settings) -> Target:
    """Check an address as far as it can be without asking anybody; the error does not repeat it.

    Plain http is for hosts in `allow_private_hosts` only.
    """
    try:
        url = parsed(address.strip())
        check(url)
        check_literal(bare_name(url), private=_may_be_private(url, settings))
    except failure.Failed as error:
        raise RatecardError(f"the address of the channel {channel!r} cannot be posted to: it {error}") from error
    if url.scheme != "https" and not _may_be_private(url, settings):
        raise RatecardError(f"the address of the channel {channel!r} must be https, so that nobody on the way reads it")
    return Target(url)


def _may_be_private(url: httpx.URL, settings: Settings) -> bool:
    return bare_name(url) in settings.allow_private_hosts


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    setup: ChannelSetup,
    now: datetime,
    *,
    seconds: float = SECONDS,
) -> Sent | Failed:
    """Post a body and say what came of it: 2xx is sent, 410 never again; redirects are not followed.

    `now` is for a Retry-After that is a date. Must not be called from a running event loop.
    """
    try:
        with asyncio.Runner(loop_factory=Loop) as runner:
            answer = runner.run(_within(target, body, headers, setup.settings, now, seconds))
    except failure.Failed as error:
        answer = Failed(error=f"{target.host} {error}", refused=True)
    # Whoever was asked may have repeated a secret.
    return answer if isinstance(answer, Sent) else replace(answer, error=setup.mask(answer.error))


async def _within(
    target: Target, body: bytes, headers: Mapping[str, str], settings: Settings, now: datetime, seconds: float
) -> Sent | Failed:
    try:
        async with asyncio.timeout(seconds):
            return await _post(target, body, headers, settings, now)
    except TimeoutError:
        return Failed(error=f"{target.host} did not answer within {seconds:g} seconds")
    except httpx.TransportError as error:
        never_there = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        return Failed(error=f"{target.host} could not be reached: {_reason(error)}", refused=never_there)


async def _post(
    target: Target, body: bytes, headers: Mapping[str, str], settings: Settings, now: datetime
) -> Sent | Failed:
    url = target.url
    private = _may_be_private(url, settings)
    proxy = settings.proxy.get_secret_value() if settings.proxy else None
    if proxy is not None:
        check_literal(bare_name(url), private=private)
        places = [bare_name(url)]
    else:
        places = await resolve(bare_name(url), port_of(url), private=private)
    # Slow to load, and of no use without TLS.
    trust = _trust() if url.scheme == "https" else False
    async with httpx.AsyncClient(
        verify=trust, timeout=None, follow_redirects=False, trust_env=False, proxy=proxy
    ) as client:
        for place in places:
            request = client.build_request(
                "POST",
                url.copy_with(host=place),
                content=body,
                headers={"User-Agent": settings.user_agent, **headers, "Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": bare_name(url)},
            )
            try:
                response = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if place == places[-1]:
                    raise
            else:
                return await _outcome(target, response, now)
    return Failed(error=f"{target.host} has no address")


async def _outcome(target: Target, response: httpx.Response, now: datetime) -> Sent | Failed:
    try:
        if response.is_success:
            return Sent()
        said = f"{target.host} answered {response.status_code}"
        if response.is_redirect:
            return Failed(
                error=f"{said}, a redirect, which is not followed; name the address that it leads to", refused=True
            )
        if response.status_code == _GONE:
            return Failed(error=f"{said}: it wants no more messages", permanent=True, refused=True)
        told = " ".join((await _start_of(response)).split())[:_SHOWN_OF_ANSWER]
        after = retry_after(response.headers.get("retry-after"), now) if response.status_code in _LATER else None
        return Failed(error=f"{said}: {told}" if told else said, retry_after=after, refused=True)
    finally:
        await response.aclose()


async def _start_of(response: httpx.Response) -> str:
    """Return the beginning of an answer as text; whatever is packed or endless is not read to its end."""
    found = b""
    async for piece in response.aiter_raw():
        found += piece
        if len(found) > _ANSWER_LIMIT:
            break
    if "content-encoding" in response.headers:
        return ""
    text = found[:_ANSWER_LIMIT].decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() else " " for c in text)


def _reason(error: BaseException) -> str:
    """Say why there was no connection; for a certificate what is wrong with it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not to be trusted: {cause.verify_message or cause}"
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__
