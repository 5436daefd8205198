"""Groq: the table of models of the docs (Markdown or HTML), and the models API, which has limits but no prices.

A cell of the table runs the name, a plan's badge and the id together ("Llama 3.1 8BEnterprisellama-3.1-8b-instant"):
the link in it shows the name, and its target ends with the id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Spec, read_feed, whole_tokens
from scraper.extract.markup import Table
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import Scale
from scraper.extract.source import Source, SourceKind
from scraper.extract.specs import day_of_epoch
from scraper.extract.tables import LineFacts, Naming, columns_of, price_tables, read_table
from scraper.extract.vocabulary import KNOWN, VOCABULARY, Role, labelled
from scraper.records import Fact, Reading, Reason, State

# The price column says in each cell what it is the price of: "$0.15 input$0.60 output", "$0.111 per hour".
_VOCABULARY = VOCABULARY.extended(
    {r"pric(?:e|ing)": labelled(), r"developer|model card(?: link)?|capabilities|owner": KNOWN}
)
_STATUS = re.compile(r"(?P<status>preview|deprecated)\b.*", re.IGNORECASE)
_BADGES = r"(?:\s*(?:Enterprise|Developer|Free|Preview|Beta|New|Deprecated))*\s*"
_PLAIN_ID = r"[a-z0-9][a-z0-9._-]*(?:/[A-Za-z0-9._-]+)?"
_ID_OF_PART = r"[a-z][a-z0-9.]*(?:[-/][A-Za-z0-9._]+)+"


def _identity(cell: Passage) -> tuple[str, str]:
    """Return the id and the name that a cell of the id column states; refuse one whose parts cannot be told apart."""
    for link, shown in zip(cell.links, cell.link_texts, strict=True):
        path = re.sub(r"[?#].*", "", link).rstrip("/")
        page, own_page, whole = path.partition("/docs/model/")
        tail = whole if own_page else page.rpartition("/")[2]
        name = shown.split("\n")[0]
        if name == tail:
            return tail, tail
        # The address of a model's own page has the whole id, so that any words before it are a badge. Others have only
        # its end: the organisation stands before it, and a badge that is not known could be part of that.
        before = r"(?:\s*[A-Z][A-Za-z ]*)?\s*(?P<id>" if own_page else rf"{_BADGES}(?P<id>(?:[a-z0-9-]+/)?"
        rest = re.fullmatch(rf"{before}{re.escape(tail)})\s*", cell.text.removeprefix(name))
        if tail and rest:
            return rest["id"], name
    if not cell.links and re.fullmatch(_PLAIN_ID, cell.line):
        return cell.line, cell.line
    # A part that is all of the cell tells nothing apart.
    ends = (part for part in (*cell.lines, *cell.spans) if cell.text.endswith(part) and part != cell.text)
    if not cell.links and (parts := list(ends)):
        tail, name = parts[-1], cell.text.removesuffix(parts[-1]).strip()
        # Parts between the name and the id are badges.
        for badge in reversed(cell.spans):
            name = name.removesuffix(badge).strip() or name
        if name and "\n" not in name and re.fullmatch(_ID_OF_PART, tail):
            return tail, name
    raise Unreadable(f"the name and the id in {cell.line!r} cannot be told apart")


def _naming(table: Table, offers: Offers) -> Naming:
    heading = table.context.headings[-1] if table.context.headings else None
    status = _STATUS.match(heading.line) if heading else None
    stated: tuple[Fact, ...] = ()
    if heading and status:
        value = status["status"].casefold()
        stated = (Fact(field="status", state=State.SOURCED, value=value, evidence=heading.evidence()),)

    def named(line: LineFacts) -> list[Named]:
        line.facts = list(_directed(line.facts))
        if line.model_id is None:
            return []
        try:
            return [Named(*_identity(line.model_id), stated)]
        except Unreadable as problem:
            offers.note("unreadable", str(problem), line.model_id.locator)
            line.facts = []
            return []

    return named


def _directed(facts: list[Fact]) -> Iterator[Fact]:
    """A price on request is that of input and of output; a dash (systems billed by the models they use) is no price."""
    for fact in facts:
        if fact.field == "tokens" and fact.reason is Reason.ON_REQUEST:
            yield from (fact.model_copy(update={"field": field}) for field in ("input", "output"))
        elif fact.field != "tokens" or fact.state is State.SOURCED:
            yield fact


def read_models(document: Document) -> Reading:
    """Read the tables of models: production, preview and deprecated ones, and systems of several models."""
    offers = Offers()
    tables = [table for table in document.tables if columns_of(table.grid, _VOCABULARY).of_role(Role.ID) is not None]
    if not tables:
        raise Unreadable("it has no table with a column of model ids")
    for table in tables:
        # Hours are hours of audio: only transcription is billed by them.
        read_table(table, offers, scale=Scale(clock="audio"), vocabulary=_VOCABULARY, naming=_naming(table, offers))
    for table in price_tables(document.tables, offers, ignored={}):
        if table not in tables:
            offers.note("unknown_heading", "a table with prices has no column of model ids", table.locator)
    return offers.reading()


def read_catalogue(document: Document) -> Reading:
    """Read the answer of the models API, which needs a key."""
    rows = document.json.get("data") if isinstance(document.json, dict) else None
    if not isinstance(rows, list):
        raise Unreadable("it has no list of models")
    # One moment given to several models is not when any of them came: it is a placeholder.
    times = Counter(str(row.get("created")) for row in rows if isinstance(row, dict))
    feed = Feed(
        rows="/data",
        prices=(),
        specs=(
            Spec("context_window", "context_window", whole_tokens),
            Spec("max_completion_tokens", "max_output_tokens", whole_tokens),
            Spec("created", "released", day_of_epoch, when=lambda row: times[str(row["created"])] == 1),
        ),
        known=frozenset({"active", "object", "owned_by", "public_apps"}),
    )
    return read_feed(document, feed).reading()


SOURCES = (
    Source(
        name="docs-models",
        kind=SourceKind.DOCS,
        addresses=("https://console.groq.com/docs/models.md", "https://console.groq.com/docs/models"),
        read=read_models,
        publishes=frozenset(
            {"input", "output", "characters", "audio_hours", "context_window", "max_output_tokens", "status"}
        ),
    ),
    Source(
        name="v1-models",
        kind=SourceKind.CATALOGUE,
        addresses=("https://api.groq.com/openai/v1/models",),
        read=read_catalogue,
        publishes=frozenset({"context_window", "max_output_tokens", "released"}),
        key={"Authorization": "Bearer GROQ_API_KEY"},
    ),
)
