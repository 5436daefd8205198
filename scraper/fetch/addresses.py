"""Which network addresses may be connected to: public ones, and those of hosts that the settings name."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from scraper.fetch.failure import Failed

_NAT64: Final = IPv6Network("64:ff9b::/96")
_SPECIAL: Final = (IPv6Network("::/96"), IPv6Network("2001::/32"), IPv6Network("64:ff9b:1::/48"))
"""Compatible with IPv4, Teredo, translation in a local network: all of them lead to an address hidden in them."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is one of the open network, also in what is embedded in it."""
    if isinstance(address, IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            embedded = IPv4Address(int(address) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(embedded)
        if address.is_site_local or any(address in network for network in _SPECIAL):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


async def resolve(host: str, port: int, *, private: bool) -> list[str]:
    """Return the addresses of a host, each of them checked; `private` allows those that are not public, too.

    One bad address among good ones refuses the host: whoever sends both has the bad one in mind.
    """
    found = _literal(host) or await _lookup(host, port)
    for text in found:
        if not private and not is_public(ip_address(text)):
            raise Failed("refused", f"leads to {text}, which is not a public address")
    return found


def check_literal(host: str, *, private: bool) -> None:
    """Refuse a host that is itself an address that may not be connected to; names are left to whoever resolves them."""
    for text in _literal(host) or []:
        if not private and not is_public(ip_address(text)):
            raise Failed("refused", f"leads to {text}, which is not a public address")


def _literal(host: str) -> list[str] | None:
    try:
        return [str(ip_address(host))]
    except ValueError:
        return None


async def _lookup(host: str, port: int) -> list[str]:
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        passing = error.errno == socket.EAI_AGAIN
        raise Failed("network", f"could not be reached: {error.strerror or error}", again=passing) from error
    except (UnicodeError, ValueError) as error:
        raise Failed("refused", f"names a host that cannot be: {error}") from error
    return list(dict.fromkeys(str(info[4][0]) for info in infos))
