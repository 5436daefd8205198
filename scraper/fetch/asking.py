"""One request: who we say we are, the keys that the host may have, and the very network address that was checked."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx2 as httpx

from scraper.fetch.addresses import check_literal, resolve
from scraper.fetch.body import ENCODING
from scraper.fetch.failure import Failed
from scraper.fetch.hosts import bare_name, host_name, port_of
from scraper.settings import Settings

_CONNECT_SECONDS: Final = 10.0
_CONNECT_SHARE: Final = 0.9
_HEADERS_LIMIT: Final = 64 * 1024

# They would write addresses and headers into every log that is kept in detail, and a key can be in either.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Asker:
    """Opens answers. `environ` has the keys that the settings name; make it once, the trust store is slow to load."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._trust: ssl.SSLContext | None = None

    def session(self) -> httpx.AsyncClient:
        """Make a session for one host: no cookies, no redirects, nothing from the environment."""
        if self._trust is None:
            self._trust = httpx.create_ssl_context()
        proxy = self._settings.proxy.get_secret_value() if self._settings.proxy else None
        return httpx.AsyncClient(
            headers={"User-Agent": self._settings.user_agent, "Accept-Encoding": ENCODING, **self._settings.headers},
            verify=self._trust,
            proxy=proxy,
            timeout=None,
            limits=httpx.Limits(max_connections=self._settings.host_concurrency),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )

    async def open(
        self, session: httpx.AsyncClient, url: httpx.URL, headers: Mapping[str, str], *, keyed: bool, seconds: float
    ) -> httpx.Response:
        """Ask for an address and return the answer with its body still to come; the caller closes it.

        `seconds` are left for all of it; `keyed` sends the keys that the host may have. What goes wrong before there is
        an answer raises `Failed`.
        """
        keys = self.keys_for(url) if keyed else {}
        places = await self._places(url)
        # The library leaves the socket open where it is cancelled in a handshake, so the handshake gives up by itself.
        limits = httpx.Timeout(None, connect=min(_CONNECT_SECONDS, seconds * _CONNECT_SHARE)).as_dict()
        for place in places:
            request = session.build_request(
                "GET",
                url.copy_with(host=place),
                headers={**headers, **keys, "Host": url.netloc.decode("ascii")},
                # The name stays what the certificate must be for; only the connection goes to the checked address.
                extensions={"sni_hostname": bare_name(url), "timeout": limits},
            )
            try:
                response = await session.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if place == places[-1] or _certificate(error):
                    raise _unreached(error) from error
            except httpx.RemoteProtocolError as error:
                raise Failed("broken", f"broke off or is not HTTP: {error}", again=True) from error
            except httpx.TransportError as error:
                raise _unreached(error) from error
            else:
                if sum(len(name) + len(value) for name, value in response.headers.raw) > _HEADERS_LIMIT:
                    await response.aclose()
                    raise Failed("too_large", f"sent more than {_HEADERS_LIMIT:,} bytes of headers")
                return response
        raise Failed("network", "could not be reached: its name has no address")

    def keys_for(self, url: httpx.URL) -> dict[str, str]:
        """Return the headers with the keys that a host may have; raise `Failed` where one is not set or not safe."""
        wanted = self._settings.keys.get(host_name(url), {})
        if wanted and url.scheme != "https" and not self._may_be_private(url):
            raise Failed("refused", "would get a key over plain http; give its https address")
        return {header: self._secret(place) for header, place in wanted.items()}

    def mask(self, text: str) -> str:
        """Return a text without any key in it."""
        for secret in self.secrets():
            text = text.replace(secret, "…")
        return text

    def secrets(self) -> list[str]:
        """Return all keys that the settings name and the environment has."""
        places = [place.split()[-1] for headers in self._settings.keys.values() for place in headers.values()]
        return sorted({self._environ[place] for place in places if self._environ.get(place)}, key=len, reverse=True)

    def _secret(self, place: str) -> str:
        *scheme, variable = place.split()
        secret = self._environ.get(variable, "")
        if not secret:
            raise Failed("needs_key", f"needs a key in the environment variable {variable}, which is not set")
        if not (secret.isascii() and secret.isprintable()):
            raise Failed("refused", f"needs a key, but the environment variable {variable} is no printable ASCII")
        return " ".join([*scheme, secret])

    def _may_be_private(self, url: httpx.URL) -> bool:
        return bare_name(url) in self._settings.allow_private_hosts

    async def _places(self, url: httpx.URL) -> list[str]:
        private = self._may_be_private(url)
        if self._settings.proxy is not None:
            # A proxy looks the name up by itself, often where this machine cannot.
            check_literal(bare_name(url), private=private)
            return [bare_name(url)]
        return await resolve(bare_name(url), port_of(url), private=private)


def _unreached(error: httpx.TransportError) -> Failed:
    if reason := _certificate(error):
        return Failed("network", f"could not be reached: its certificate is not to be trusted: {reason}")
    if isinstance(error, httpx.ProxyError):
        return Failed("network", f"could not be reached through the proxy: {error}", again=True)
    if isinstance(error, httpx.ConnectTimeout):
        return Failed("timeout", "took too long to be connected to", again=True)
    return Failed("network", f"could not be reached: {error or type(error).__name__}", again=True)


def _certificate(error: BaseException) -> str | None:
    """Return why a certificate was refused, where that is what lies behind an error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message or str(cause)
        cause = cause.__cause__ or cause.__context__
    return None
