"""Meters, units, labels and rate keys: the closed vocabulary of prices.

A price is named by one string, `METER[.MODALITY]{label=value,…}`, labels in alphabetical order and without blanks:
`input`, `cache_write{ttl=1h}`, `output{prompt_gt=200000,tier=batch}`, `input.audio`. `RateKey.parse` and `str` are
inverses: a text that is not in this one form is refused, so that one price never has two names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final, Self

MILLION: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Unit:
    """An amount of something that a price is for: `Unit(1000000, "token")`, shown as "1M tokens".

    `over` is a second thing that the price also runs over: stored tokens are paid by the hour.
    """

    quantity: Decimal
    thing: str
    over: str = ""

    def __str__(self) -> str:
        quantity, plural = self.quantity, "" if self.quantity == 1 else "s"
        if quantity == MILLION:
            shown = "1M "
        elif quantity == 1:
            shown = ""
        else:
            shown = f"{quantity:,f} "
        if plural and self.thing.endswith("ch"):
            plural = "es"
        return f"{shown}{self.thing}{plural}" + (f" and {self.over}" if self.over else "")


def _per(quantity: int, thing: str, *meters: str, over: str = "") -> dict[str, Unit]:
    return dict.fromkeys(meters, Unit(Decimal(quantity), thing, over))


METERS: Final[dict[str, Unit]] = {
    **_per(1_000_000, "token", "input", "output", "cache_read", "cache_write", "reasoning", "training", "tokens"),
    **_per(1_000_000, "token", "cache_storage", over="hour"),
    **_per(1_000_000, "character", "characters"),
    **_per(1, "image", "images", "input_images"),
    **_per(1, "megapixel", "megapixels"),
    **_per(1, "video", "videos"),
    **_per(1, "frame", "input_frames"),
    **_per(1, "request", "requests"),
    **_per(1, "page", "pages"),
    **_per(1, "second", "video_seconds", "audio_seconds", "gpu_seconds"),
    **_per(1, "minute", "audio_minutes"),
    **_per(1, "hour", "audio_hours", "gpu_hours", "training_hours", "container_hours"),
    **_per(1_000, "search", "searches", "search_units"),
    **_per(1, "GB", "storage_gb_days", over="day"),
}
"""Every meter with the unit of its amount. A meter that is missing is added here, and nowhere else."""

TOKEN_METERS: Final = frozenset(meter for meter, unit in METERS.items() if unit.thing == "token" and not unit.over)
MODALITIES: Final = ("audio", "image", "video")
"""Modalities that may be priced apart; text is the one left out."""

LABELS: Final = frozenset(
    {
        "tier",
        "prompt_gt",
        "scope",
        "ttl",
        "region",
        "window",
        "currency",
        "upstream",
        "resolution",
        "quality",
        "hardware",
        "mode",
        "variant",
    }
)

_KEY = re.compile(r"(?P<meter>[a-z_]+)(?:\.(?P<modality>[a-z]+))?(?:\{(?P<labels>[^{}]+)\})?")
_VALUE = re.compile(r"[^\s{},=]{1,80}")


@dataclass(frozen=True, slots=True)
class RateKey:
    """The name of one price: a meter, a modality that is priced apart, and labels (sorted pairs).

    Raises `ValueError` where a part is not in the vocabulary.
    """

    meter: str
    modality: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    written: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.meter not in METERS:
            raise ValueError(f"{self.meter!r} is not a meter; the meters are listed in scraper/meters.py")
        if self.modality and (self.modality not in MODALITIES or self.meter not in TOKEN_METERS):
            raise ValueError(f"{self.meter}.{self.modality}: only token meters have a modality, one of {MODALITIES}")
        names = [name for name, _ in self.labels]
        if names != sorted(set(names)):
            raise ValueError(f"labels of {self.meter} must be alphabetical and stated once, not {names}")
        for name, value in self.labels:
            if name not in LABELS:
                raise ValueError(f"{name!r} is not a label; the labels are listed in scraper/meters.py")
            if not _VALUE.fullmatch(value) or not value.isprintable():
                raise ValueError(f"label {name} has the value {value!r}, which has blanks or one of {{}},=")
            if name == "prompt_gt" and not re.fullmatch(r"[1-9][0-9]*", value):
                raise ValueError(f"prompt_gt must be a whole number of tokens, not {value!r}")
        modality = f".{self.modality}" if self.modality else ""
        labels = ",".join(f"{name}={value}" for name, value in self.labels)
        object.__setattr__(self, "written", f"{self.meter}{modality}" + (f"{{{labels}}}" if labels else ""))

    @classmethod
    @lru_cache(maxsize=4096)
    def parse(cls, text: str) -> Self:
        """Read a rate key from its one written form."""
        match = _KEY.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a rate key; it is written METER[.MODALITY]{{label=value,…}}")
        pairs = []
        for pair in (match["labels"] or "").split(",") if match["labels"] else []:
            name, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f"{text!r} is not a rate key: {pair!r} is not label=value")
            pairs.append((name, value))
        return cls(match["meter"], match["modality"] or "", tuple(pairs))

    def __str__(self) -> str:
        return self.written

    def __hash__(self) -> int:
        return hash(self.written)

    def with_labels(self, **labels: str | int | None) -> RateKey:
        """Return this key with labels set (or, where the value is None or empty, taken off)."""
        if not labels:
            return self
        # By their texts: 200000 and 2E+5 are equal, and only one of them can be a label.
        return _with_labels(self, *((name, "" if value is None else str(value)) for name, value in labels.items()))

    def with_modality(self, modality: str) -> RateKey:
        """Return this key for one modality; `text` and the empty text give the bare key."""
        if modality == self.modality:
            return self
        return _with_modality(self, modality)

    @property
    def unit(self) -> Unit:
        """The unit that the amount of this key is in."""
        return METERS[self.meter]


# A table gives the same labels to each of its prices.
@lru_cache(maxsize=4096)
def _with_labels(key: RateKey, *labels: tuple[str, str]) -> RateKey:
    merged = {name: value for name, value in (dict(key.labels) | dict(labels)).items() if value}
    return RateKey(key.meter, key.modality, tuple(sorted(merged.items())))


@lru_cache(maxsize=4096)
def _with_modality(key: RateKey, modality: str) -> RateKey:
    return RateKey(key.meter, "" if modality == "text" else modality, key.labels)


@lru_cache(maxsize=4096)
def is_rate_key(field: str) -> bool:
    """Say whether a field's name is a rate key (else it is a spec's name, or nothing of ours)."""
    try:
        RateKey.parse(field)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def unit_of(field: str) -> str:
    """Return the unit of a field's amount as people write it ("1M tokens"), or "" for a spec."""
    return str(RateKey.parse(field).unit) if is_rate_key(field) else ""
