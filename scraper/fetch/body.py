"""A body as it arrives: unpacked no further than the limit allows, and never taken for whole where it is not."""

from __future__ import annotations

import zlib
from typing import Final

import httpx2 as httpx

from scraper.fetch.failure import Failed

ENCODING: Final = "gzip"
"""The one encoding that is asked for: its end mark tells a whole stream from a cut one, without the library's help."""

_STEP: Final = 256 * 1024


class Body:
    """Collects the bytes of one answer up to `limit` decompressed bytes; raises `Failed` where they are not right."""

    def __init__(self, limit: int, *, packed: bool) -> None:
        self._limit = limit
        self._body = bytearray()
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed else None

    @classmethod
    def of(cls, response: httpx.Response, limit: int) -> Body:
        """Make the body of an answer, whose headers say how it comes and whether its end can be told."""
        encoding = response.headers.get("content-encoding", "identity").strip().casefold()
        if encoding not in ("gzip", "x-gzip", "identity", ""):
            raise Failed("broken", f"answered with the encoding {encoding!r}, which was not asked for")
        packed = encoding in ("gzip", "x-gzip")
        framed = "content-length" in response.headers or "transfer-encoding" in response.headers
        if not framed and not packed and response.http_version.startswith("HTTP/1"):
            raise Failed("broken", "sent a body without its length, so that a half of it cannot be told from the whole")
        return cls(limit, packed=packed)

    async def read(self, response: httpx.Response) -> bytes:
        """Read an answer to its end and return its bytes."""
        async for piece in response.aiter_raw():
            self.add(piece)
        return self.whole()

    def add(self, piece: bytes) -> None:
        """Take the next bytes as they came."""
        if self._unpacker is None:
            self._keep(piece)
            return
        # In steps, because one small piece can unpack to more than there is memory for.
        while piece:
            if self._unpacker.eof:
                raise Failed("broken", "sent more bytes after the end of the gzip stream")
            try:
                self._keep(self._unpacker.decompress(piece, _STEP))
            except zlib.error as error:
                raise Failed("broken", f"sent a corrupted gzip stream: {error}") from error
            piece = self._unpacker.unconsumed_tail or self._unpacker.unused_data

    def whole(self) -> bytes:
        """Return the bytes, once all of them have come."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise Failed("broken", "sent a gzip stream that is cut off")
        return bytes(self._body)

    def start(self) -> bytes:
        """Return the bytes that have come so far, up to the limit."""
        return bytes(self._body[: self._limit])

    def _keep(self, piece: bytes) -> None:
        self._body += piece
        if len(self._body) > self._limit:
            raise _too_large(self._limit)


def check_length(response: httpx.Response, limit: int) -> None:
    """Refuse an answer that says itself that it is longer than the limit, before anything of it is read."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> Failed:
    return Failed("too_large", f"sent more than {limit:,} bytes, the limit max_body")
