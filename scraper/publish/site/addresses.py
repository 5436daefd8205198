"""Where each page of the site is. A page's place follows from what it is of alone, so that links to it stay."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

_PLAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?:/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)*")
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def offer_path(provider: str, model_id: str, name: str, *, shared_id: bool) -> str:
    """Return the path of an offer's page without its ending: `offers/replicate/openai--gpt-4.1-nano`.

    Ids that would meet in one file name (by case, or by what a file name cannot have) are told apart by their hash.
    """
    if model_id and not shared_id and _PLAIN.fullmatch(model_id) and "--" not in model_id and len(model_id) <= 120:
        return f"offers/{provider}/{model_id.replace('/', '--')}"
    whole = f"{model_id}\n{name if shared_id or not model_id else ''}"
    readable = _OTHER.sub("-", (model_id or name).lower()).strip("-")[:80]
    return f"offers/{provider}/{readable}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def provider_path(provider: str) -> str:
    """Return the path of a provider's page without its ending."""
    return f"providers/{provider}"


def model_path(model: str) -> str:
    """Return the path of a model's page without its ending."""
    creator, _, name = model.partition("/")
    if _PLAIN.fullmatch(model) and "/" not in name:
        return f"models/{creator}/{name}"
    creator = _OTHER.sub("-", creator.lower()).strip("-") or "-"
    return f"models/{creator}/{_OTHER.sub('-', name.lower()).strip('-')[:80]}_{_short(model)}"


def up(path: str) -> str:
    """Return what leads from a page to the top of the site: `../../`."""
    return "../" * path.count("/")


@lru_cache(maxsize=4096)
def web_address(address: str) -> str:
    """Return an address that may be a link, "" for one that is not of the web (`javascript:`)."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in ("http", "https") and parts.netloc else ""


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
