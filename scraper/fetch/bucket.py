"""An archive's files in a bucket of an object store that speaks S3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

_TIMEOUT: Final = timedelta(seconds=60)
_CONNECT: Final = timedelta(seconds=10)
_RETRIES: Final = 3
_RETRY: Final = timedelta(seconds=30)
_STATUS: Final = re.compile(r"status code: (\d{3}[A-Za-z ]*)")
_CODE: Final = re.compile(r"<Code>(\w+)</Code>")


class Bucket:
    """Files below `s3://BUCKET/PREFIX`; who may have them is in the usual `AWS_…` variables.

    `endpoint` is the address of a server other than Amazon's.
    """

    hint: Final = "check the address, the variables AWS_… and the setting s3_endpoint, and run again"

    def __init__(self, address: str, endpoint: str | None = None) -> None:
        parts = urlsplit(address)
        self._address = address.rstrip("/")
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config={"endpoint": endpoint} if endpoint else {},
            # Keys sign a request and are not in it; a server in one's own network may do without TLS.
            client_options={
                "timeout": _TIMEOUT,
                "connect_timeout": _CONNECT,
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
            },
            retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY},
        )

    @property
    def shown(self) -> str:
        """The address."""
        return self._address

    def where(self, name: str) -> str:
        """Return the address of a file."""
        return f"{self._address}/{name}"

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        with _told():
            return bytes(obstore.get(self._store, name).bytes())

    def write(self, name: str, data: bytes) -> None:
        """Send a file in one request: the store takes the whole of it or nothing."""
        with _told():
            obstore.put(self._store, name, data, use_multipart=False)

    def names(self) -> Iterator[str]:
        """Yield the names of all files, some thousand a request."""
        with _told():
            for some in obstore.list(self._store):
                yield from (one["path"] for one in some)


@contextmanager
def _told() -> Iterator[None]:
    """Turn the failure of a store into an `OSError` of one line."""
    try:
        yield
    except (BaseError, FileNotFoundError, ValueError) as error:
        kind = FileNotFoundError if isinstance(error, FileNotFoundError) else OSError
        raise kind(_line(str(error))) from error


def _line(said: str) -> str:
    """Return the part of an error that is of use to people: what the server answered, or what else went wrong."""
    status = _STATUS.search(said)
    code = _CODE.search(said)
    if status:
        return f"the server answered {status[1].strip()}" + (f" ({code[1]})" if code else "")
    # After the message, such an error goes on with its own insides.
    return " ".join(said.partition("\n\n")[0].rpartition(" - ")[2].split())[:300] or "no reason given"
