"""Write the tables of docs/providers.md from what the providers declare and from their fixtures.

    python tools/providers.py [--check]

The text around the tables is written by people and stays. `--check` writes nothing and ends with 1 where the tables are
not those of today.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scraper import providers  # noqa: E402
from scraper.closed import closed  # noqa: E402
from scraper.extract.source import Source  # noqa: E402
from scraper.meters import RateKey, is_rate_key  # noqa: E402
from scraper.records import REFERENCE_FIELDS  # noqa: E402
from tools.parts import Pages  # noqa: E402

FIXTURES = ROOT / "fixtures"

_ORDINALS = ("first", "second", "third", "fourth")


def _kind(source: Source, precedences: Sequence[int]) -> str:
    """What a source is, where it declares that; which of the provider's it is by rank; how it is fetched."""
    place = sorted({*precedences}).index(source.precedence)
    said = [
        *([source.kind.value.replace("_", " ")] if source.kind else []),
        *([f"counts {_ORDINALS[place]}"] if len({*precedences}) > 1 else []),
        *(["wants a key"] if source.key else []),
        *(["in a browser"] if source.browser else []),
        *(["in several pages"] if source.next_page else []),
    ]
    return "".join(f", {part}" for part in said)


def _fields(fields: Iterable[str]) -> str:
    """Fields in short: meters with the labels that divide them, then specs."""
    meters: dict[str, set[str]] = {}
    specs = set()
    for field in fields:
        if not is_rate_key(field):
            specs.add(field)
            continue
        key = RateKey.parse(field)
        plain = str(RateKey(key.meter, key.modality))
        named = (f"tier {value}" if name == "tier" else name for name, value in key.labels)
        meters.setdefault(plain, set()).update(named)
    shown = [
        f"{meter} (by {', '.join(sorted(labels))})" if labels else meter for meter, labels in sorted(meters.items())
    ]
    return "; ".join(part for part in (", ".join(shown), ", ".join(sorted(specs))) if part)


def _expected(provider: str) -> Iterator[tuple[str, str]]:
    """The fields of a provider's fixtures, each with what was read: `12 CNY | table[1]/… | …`."""
    for file in sorted((FIXTURES / provider).glob("*.expected.json")):
        for offer in json.loads(file.read_text(encoding="utf-8"))["offers"]:
            yield from ((field.partition(" from ")[0], said) for field, said in offer["facts"].items())


def _currencies(provider: str) -> str:
    found = {match[1] for _, said in _expected(provider) if (match := re.match(r"[\d.]+ ([A-Z]{3})(?= )", said))}
    return ", ".join(sorted(found)) or "-"


def _dates(provider: str) -> str:
    with (FIXTURES / provider / "MANIFEST.csv").open(newline="", encoding="utf-8") as manifest:
        return ", ".join(sorted({row["captured_on"][:10] for row in csv.DictReader(manifest)}))


def overview() -> str:
    """Return the table of providers."""
    lines = [
        "| provider | name | sources | currency | never stated | key | fixtures of |",
        "|---|---|---|---|---|---|---|",
    ]
    for provider in providers.names():
        sources = providers.sources(provider)
        # What a fixture states counts, too: hosts and regions are labels that no source can list in full.
        bare = {RateKey.parse(field).meter if is_rate_key(field) else field for field, _ in _expected(provider)}
        published = {field for source in sources for field in source.publishes}
        never = [field for field in REFERENCE_FIELDS if field not in published and _meter(field) not in bare]
        keys = sorted({name.rpartition(" ")[2] for source in sources for name in source.key.values()})
        lines.append(
            f"| {provider} | {providers.facts(provider)['name']} | {len(sources)} | {_currencies(provider)} "
            f"| {', '.join(f'`{field}`' for field in never) or '-'} | {', '.join(f'`{key}`' for key in keys) or '-'} "
            f"| {_dates(provider)} |"
        )
    return "\n".join(lines)


def _meter(field: str) -> str:
    # The batch price of a meter is another thing than the meter, and is looked for under its own key alone.
    return field if not is_rate_key(field) or "{" in field else RateKey.parse(field).meter


def _source_lines(provider: str) -> Iterator[str]:
    sources = providers.sources(provider)
    precedences = [source.precedence for source in sources]
    for source in sources:
        addresses = " · ".join(f"<{address}>" for address in source.addresses)
        fields = _fields(source.publishes) or "prices under the labels of hosts"
        yield f"- `{source.name}`{_kind(source, precedences)}: {addresses}  \n  {fields}"


def sources_in_full() -> str:
    """Return the list of sources of each provider, with addresses and fields."""
    parts = []
    for provider in providers.names():
        parts.append(f"### {provider}\n")
        parts.extend(_source_lines(provider))
        parts.append("")
    return "\n".join(parts).rstrip()


def about_models() -> str:
    """Return who tells of models and sells nothing, with addresses and fields."""
    parts = []
    for slug in providers.references():
        facts = providers.facts(slug)
        parts.append(f"### {slug}\n\n{facts['name']} (<{facts['docs']}>), heard as the model's {facts['voice']}.\n")
        parts.extend(_source_lines(slug))
        parts.append("")
    return "\n".join(parts).rstrip()


def closed_ones() -> str:
    """Return the table of closed providers."""
    lines = ["| provider | closed on | what says so |", "|---|---|---|"]
    lines.extend(f"| {one.name} | {one.closed_on or 'not known'} | {one.evidence} |" for one in closed().values())
    return "\n".join(lines)


PAGES = Pages(
    "providers",
    {
        "providers.md": {
            "overview": overview,
            "closed": closed_ones,
            "about models": about_models,
            "sources": sources_in_full,
        }
    },
)

if __name__ == "__main__":
    sys.exit(PAGES.run(__doc__))
