"""Adding a provider: a page as a first capture, and the three places that a provider has, ready to be filled in."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import urlsplit

from scraper import providers
from scraper.errors import RatecardError
from scraper.extract.document import Document
from scraper.extract.jsontext import Json, escape
from scraper.extract.offers import Offers
from scraper.extract.tables import price_tables
from scraper.fetch.capture import Fetched
from scraper.fetch.replay import COLUMNS
from scraper.records import clean
from scraper.resources import folder
from scraper.steps import Refused, read_document

_MODULES: Final = Path(providers.__file__).parent
_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_EXTENSIONS: Final = {"html": "html", "markdown": "md", "json": "json"}
_TYPES: Final = {"html": "text/html", "markdown": "text/markdown", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class NewProvider:
    """The three places that were written: the module, its facts, and the folder of its fixtures."""

    module: Path
    facts: Path
    fixtures: Path

    @property
    def summary(self) -> str:
        """What was written and what comes next."""
        return (
            f"Wrote {self.module}, {self.facts} and {self.fixtures}/. Next: say in the module what the page states, "
            f"run `ratecard try {self.fixtures.name}` until it reads what the page says, fill in the facts, and cut "
            "the page in the fixtures down to a few telling rows."
        )


def keep_capture(where: Path, name: str, answer: Fetched, kind: str) -> Path:
    """Write the bytes of an answer into a folder of captures, with its row in MANIFEST.csv; return the file.

    Other bytes that are kept under that name and day stay: the file then has a number. Raises `RatecardError` where
    the name leads into another folder, or where the folder has a manifest that the row does not fit into.
    """
    if not name or Path(name).name != name:
        raise RatecardError(f"{name!r} is no name of a file; leave the folder out, and name it by --output.")
    day = answer.capture.captured_at.date().isoformat()
    manifest = where / "MANIFEST.csv"
    where.mkdir(parents=True, exist_ok=True)
    columns = _columns(manifest)
    file = next(file for file in _names(where, f"{name}.{day}", _EXTENSIONS[kind]) if _is_free(file, answer.body))
    file.write_bytes(answer.body)
    row = {
        "url": answer.capture.url,
        "captured_on": day,
        "content_type": answer.capture.content_type or _TYPES[kind],
        "file": file.name,
    }
    with manifest.open("a", newline="", encoding="utf-8") as rows:
        writer = csv.DictWriter(rows, columns or COLUMNS, restval="", lineterminator="\n")
        if not columns:
            writer.writeheader()
        writer.writerow(row)
    return file


def _columns(manifest: Path) -> Sequence[str]:
    """Return the columns of a manifest in their order, none where there is none yet."""
    try:
        text = manifest.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    columns = next(csv.reader(text.splitlines()), [])
    if missing := [column for column in COLUMNS if column not in columns]:
        raise RatecardError(f"{manifest} lacks the column {', '.join(missing)}; add it, or name another folder.")
    if not text.endswith("\n"):
        raise RatecardError(f"{manifest} does not end with a whole line; complete it, or name another folder.")
    return columns


def _names(where: Path, stem: str, extension: str) -> Iterator[Path]:
    yield where / f"{stem}.{extension}"
    yield from (where / f"{stem}-{number}.{extension}" for number in count(2))


def _is_free(file: Path, body: bytes) -> bool:
    return not file.exists() or file.read_bytes() == body


def document_in(answer: Fetched) -> Document:
    """Return an answer as a document; raise `RatecardError` where it is no page."""
    try:
        return read_document(answer)
    except Refused as refusal:
        raise RatecardError(f"{answer.capture.url}: {refusal}; give another address.") from refusal


def check_slug(slug: str) -> None:
    """Raise `RatecardError` where a name is taken or no slug, or where this is an installation and not a checkout."""
    if not _SLUG.fullmatch(slug):
        raise RatecardError(f"{slug!r} is not a provider's name; use lower-case letters, digits and dashes.")
    if slug in providers.names():
        raise RatecardError(
            f"There is a provider {slug} already; `ratecard try {slug}` reads its pages, and another source of it is "
            "added to its module by hand: docs/add-a-provider.md, 'A second source'."
        )
    if not (_MODULES.parent.parent / "pyproject.toml").is_file():
        raise RatecardError("A provider is added to a checkout of ratecard, and this is an installed one; clone it.")


def new_provider(slug: str, answer: Fetched) -> NewProvider:
    """Write the three places of a provider, whose name was checked, around a first capture of its page."""
    document = document_in(answer)
    source = _source_name(answer.capture.url)
    made = NewProvider(
        module=_MODULES / f"{slug.replace('-', '_')}.py",
        facts=_MODULES / f"{slug.replace('-', '_')}.toml",
        fixtures=folder("fixtures") / slug,
    )
    keep_capture(made.fixtures, source, answer, document.kind)
    values = {"slug": slug, "title": slug.replace("-", " ").title(), "source": source, "url": answer.capture.url}
    values["variable"] = slug.replace("-", "_").upper()
    values["day"] = answer.capture.captured_at.date().isoformat()
    made.facts.write_text(_FACTS.substitute(values), encoding="utf-8")
    body = _feed(document, values) if document.kind == "json" else _page(document, values)
    made.module.write_text(body, encoding="utf-8")
    return made


def _source_name(url: str) -> str:
    last = [part for part in urlsplit(url).path.split("/") if part][-1:] or ["pricing"]
    name = re.sub(r"\.[a-z.]+$", "", last[0].casefold())
    return re.sub(r"[^a-z0-9-]+", "-", name).strip("-") or "pricing"


def _page(document: Document, values: Mapping[str, str]) -> str:
    seen = []
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored={}):
        headings = " | ".join(" / ".join(path) for path in table.grid.headers)
        above = " > ".join(table.context.path)
        seen.append(f"{table.locator}, under {above!r}: {headings}")
    seen += [f"{note.locator}: {note.text}" for note in offers.reading().notes]
    return _PAGE_MODULE.substitute(
        values, seen=_comment(seen or ["(none: the prices stand in text, in cards or in embedded data)"])
    )


def _feed(document: Document, values: Mapping[str, str]) -> str:
    pointer, rows = max(_lists(document.json, ""), key=lambda found: len(found[1]), default=("", []))
    row = rows[0] if rows else {}
    seen = [*_paths(row, "")] or ["(no list of objects was found)"]
    model_id = next((key for key in ("id", "model", "model_id", "name") if isinstance(row.get(key), str)), "id")
    return _FEED_MODULE.substitute(
        values, seen=_comment(seen), rows=json.dumps(pointer, ensure_ascii=False), model_id=model_id
    )


def _comment(lines: Iterable[str]) -> str:
    """Return lines as comments of a module: what a page says must not end one and go on as code."""
    return "\n".join(f"# {clean(line)}"[:118] for line in lines)


def _lists(value: Json, pointer: str) -> Iterator[tuple[str, list[dict[str, Json]]]]:
    """Yield each list of objects in a JSON value with its pointer."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        yield pointer, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists(inner, f"{pointer}/{escape(key)}")


def _paths(value: Json, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, f"{path}/{key}" if path else str(key))
    elif not isinstance(value, list):
        yield f"{path}: {value}"


_FACTS: Final = Template("""\
# Facts about using this provider, reviewed by people; nothing here is read from a page by a program.
name = "$title"
docs = "$url"
base_url = "https://…"
openai_compatible = "yes"
key_variable = "${variable}_API_KEY"
install = "pip install openai"
model_id_format = "…"
call = \'\'\'
import os

from openai import OpenAI

client = OpenAI(base_url="https://…", api_key=os.environ["${variable}_API_KEY"])
response = client.chat.completions.create(
    model="{model_id}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(response.choices[0].message.content)
\'\'\'
gotchas = [
    "…",
]

# What a good reading has; anything else is not believed.
[contract.$source]
offers = [1, 1000]
""")

_PAGE_MODULE: Final = Template('''\
"""$title: say in a line or two what the page is, and what is awkward in it."""

from __future__ import annotations

from scraper.extract.document import Document
from scraper.extract.price_pages import read_price_tables
from scraper.extract.prices import Scale
from scraper.extract.source import Source
from scraper.records import Reading

# The tables with prices that the page had on $day:
$seen


def read_page(document: Document) -> Reading:
    """Read the tables with prices, each in the unit that it or the text above it names; what is not known is noted."""
    return read_price_tables(document.tables, scale=Scale(), ignored={}).reading()


SOURCES = (
    Source(
        name="$source",
        addresses=("$url",),
        read=read_page,
        publishes=frozenset({"input", "output"}),
    ),
)
''')

_FEED_MODULE: Final = Template('''\
"""$title: say in a line or two what the feed is, in which unit its prices are, and what a 0 in it means."""

from __future__ import annotations

from scraper.extract.document import Document
from scraper.extract.feed import Feed, read_feed
from scraper.extract.source import Source
from scraper.records import Reading

# The paths of the feed's first row on $day:
$seen

_FEED = Feed(
    rows=$rows,
    model_id="$model_id",
    prices=(
        # Price("pricing/prompt", "input", TOKEN) is an amount for one token, MILLION_TOKENS one for a million.
    ),
    known=frozenset(),
)


def read_models(document: Document) -> Reading:
    """Read the list; each key that the feed's contract does not name is noted."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    Source(
        name="$source",
        addresses=("$url",),
        read=read_models,
        publishes=frozenset({"input", "output"}),
    ),
)
''')
