"""Mutations that change how a page is written and not what it states: it must still read the same."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from scraper.extract.vocabulary import Role
from scraper.mutating.written import (
    Cell,
    Headed,
    Written,
    headings_of,
    map_tags,
    map_text,
    meaning_of,
    sub_seen,
    tables_of,
    with_tables,
)

MONEY: Final = re.compile(r"(?:\\?\$)\s?(?P<number>\d[\d,]*(?:\.\d+)?|\.\d+)")


def class_names(page: str, kind: str, rng: random.Random) -> str:
    """Every class has another name, as after a new build of a style sheet."""
    if kind != "html":
        return page
    suffix = f"{rng.randrange(16**5):05x}"
    # The name of a style itself stays what it is: renamed, it would not strike the text out any more.
    kept = {"line-through"}

    def renamed(match: re.Match[str]) -> str:
        names = (name if name in kept else f"{name}-{suffix}" for name in match[3].split())
        return f"{match[1]}{match[2]}{' '.join(names)}{match[2]}"

    return map_tags(page, lambda tag: re.sub(r"(\sclass=)([\"'])(.*?)\2", renamed, tag))


_BLOCK: Final = re.compile(r"<(?:div|p|ul|ol|li|table|h[1-6]|section)\b", re.IGNORECASE)


def wrapper_elements(page: str, kind: str, rng: random.Random) -> str:
    """Tables, cells and headings have more elements around them or in them."""
    if kind != "html":
        return page

    def wrapped(cell: Cell) -> Cell:
        if not cell.inner.strip() or rng.random() < 0.3:
            return cell
        tag = "div" if _BLOCK.search(cell.inner) else rng.choice(("div", "span", "p"))
        return replace(cell, inner=f'<{tag} class="cell">{cell.inner}</{tag}>')

    tables = [table.map_cells(wrapped, header=True) for table in tables_of(page, kind)]
    tables = [_around(table, '<div class="scroll"><div>', "</div></div>") for table in tables]
    page = with_tables(page, tables)
    page = sub_seen(
        r"(?P<open><(?P<name>h[1-6])\b[^>]*>)(?P<inner>.*?)(?P<close></(?P=name)>)",
        r"\g<open><span>\g<inner></span>\g<close>",
        page,
    )
    return sub_seen(
        r"<p>(?P<inner>(?:(?!<p\b).)*?)</p>", r'<div class="text"><p><span>\g<inner></span></p></div>', page
    )


def _around(table: Written, before: str, after: str) -> Written:
    first = table.rows[0]
    rows = (replace(first, gap=before + first.gap), *table.rows[1:])
    return replace(table, rows=rows, tail=table.tail + after)


_ATTRIBUTE: Final = re.compile(r"\s+([^\s=>\"'/]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?)")


def attribute_order(page: str, kind: str, rng: random.Random) -> str:
    """The attributes of each tag stand in another order, with one more among them."""
    if kind != "html":
        return page

    def shuffled(tag: str) -> str:
        match = re.fullmatch(rf"(<[A-Za-z][\w-]*)((?:{_ATTRIBUTE.pattern})+)(\s*/?>)", tag, re.DOTALL)
        if match is None:
            return tag
        attributes = _ATTRIBUTE.findall(match[2])
        attributes.append(f'data-key="k{rng.randrange(1000)}"')
        rng.shuffle(attributes)
        return f"{match[1]} {' '.join(attributes)}{match[match.lastindex or 0]}"

    return map_tags(page, shuffled)


_BLANKS: Final = ("\u00a0", "  ", "\u2009", " \u200b", "\u00a0 ", "\u202f")


def blanks(page: str, kind: str, rng: random.Random) -> str:
    """Blanks are no-break spaces, thin spaces, line ends or several blanks; some characters show nothing."""

    def spaced(text: str) -> str:
        if not text.strip():
            return text
        more = (*_BLANKS, "\n    ", "&nbsp;") if kind == "html" else _BLANKS
        return re.sub(r"(?<=\S) (?=\S)", lambda _: rng.choice((" ", *more)), text)

    if kind == "html":
        return map_text(page, kind, spaced)
    # Elsewhere in Markdown, blanks are its syntax.
    tables = tables_of(page, kind)
    return with_tables(page, [table.map_cells(_in_text(kind, spaced), header=True) for table in tables])


def _in_text(kind: str, change: Callable[[str], str]) -> Callable[[Cell], Cell]:
    return lambda cell: replace(cell, inner=map_text(cell.inner, kind, change))


def comments_inside(page: str, kind: str, rng: random.Random) -> str:
    """Comments stand in the middle of texts, as scripts that build pages leave them."""
    if kind != "html":
        return page
    return map_text(page, kind, lambda text: re.sub(r"(?<=\$)(?=\d)|(?<=\d)(?= ?/)", "<!-- -->", text))


def character_references(page: str, kind: str, rng: random.Random) -> str:
    """Signs of money, slashes and some letters are written as character references."""
    if kind != "html":
        return page
    written = {"$": ("&#36;", "&dollar;", "&#x24;"), "/": ("&#47;", "&sol;"), "I": ("&#73;",)}
    return map_text(page, kind, lambda text: re.sub(r"[$/I]", lambda sign: rng.choice(written[sign[0]]), text))


def columns_reordered(page: str, kind: str, rng: random.Random) -> str:
    """The columns stand in another order, headings and cells together."""

    def reordered(table: Written) -> Written:
        width = len(table.rows[0].cells)
        # Whoever says what the values are stands first where the columns are the models.
        fixed = 1 if table.labels_are_rows else 0
        order = list(range(fixed, width))
        while len(order) > 1 and order == sorted(order):
            rng.shuffle(order)
        order = [*range(fixed), *order]
        return table.map_rows(lambda cells, _: [cells[place] for place in order])

    return _each_table(page, kind, reordered)


def _each_table(page: str, kind: str, change: Callable[[Written], Written]) -> str:
    tables = tables_of(page, kind)
    return with_tables(page, [change(table) if table.is_plain and not table.island else table for table in tables])


_FOREIGN: Final = (
    ("Region availability", ("us-east", "eu-west", "all")),
    ("Reserved capacity", ("$9.99", "$19.99")),
    ("Throughput", ("Medium", "High")),
)


def foreign_column(page: str, kind: str, rng: random.Random) -> str:
    """A column (where the columns are the models: a row) of something else stands among the others."""
    heading, values = rng.choice(_FOREIGN)

    def widened(table: Written) -> Written:
        place = rng.randrange(1, len(table.rows[0].cells) + 1)

        def more(cells: Sequence[Cell], is_header: bool) -> list[Cell]:
            beside = cells[min(place, len(cells) - 1)]
            inner = beside.inner if _is_rule(beside) else heading if is_header else rng.choice(values)
            return [*cells[:place], replace(beside, inner=_escaped(inner, kind)), *cells[place:]]

        return table.map_rows(more)

    def lengthened(table: Written) -> Written:
        rows = list(table.body)
        model = rows[0]
        cells = [replace(cell, inner=_escaped(rng.choice(values), kind)) for cell in model.cells]
        cells[0] = replace(cells[0], inner=heading)
        rows.insert(rng.randrange(len(rows) + 1), model.with_cells(cells))
        return table.with_body(rows)

    return _each_table(page, kind, lambda table: lengthened(table) if table.labels_are_rows else widened(table))


def _is_rule(cell: Cell) -> bool:
    return re.fullmatch(r":?-+:?", cell.inner) is not None


def _escaped(text: str, kind: str) -> str:
    return text.replace("$", "\\$") if kind == "markdown" and "\\" not in text else text


def rows_reordered(page: str, kind: str, rng: random.Random) -> str:
    """The rows of each table stand in another order; what spans or continues a row goes with it."""

    def reordered(table: Written) -> Written:
        groups = list(table.groups())
        # A row over the whole width begins a section: rows do not leave it.
        wide = any(len(row.cells) == 1 or row.cells[0].spans("colspan") > 1 for row in table.body)
        if table.island or wide or len(groups) < 2:
            return table
        before = list(groups)
        while groups == before:
            rng.shuffle(groups)
        return table.with_body([row for group in groups for row in group])

    return with_tables(page, [reordered(table) for table in tables_of(page, kind)])


_VARIANTS: Final = (
    ("Model", "Models", "Model name", "Name"),
    ("Model ID", "Model IDs", "API name", "API ID"),
    ("Input", "Input price", "Input tokens", "Prompt", "Base input tokens", "Prompt tokens"),
    ("Output", "Output price", "Output tokens", "Completion", "Completion tokens"),
    ("Cached input", "Cache read", "Cache hits", "Cached input price", "Prompt caching read"),
    ("Cache writes", "Cache write", "5m cache writes", "Prompt cache write"),
    ("1h cache writes", "1-hour cache writes", "Cache writes (1h)"),
    ("Cache storage", "Cache storage price", "Context caching (storage)"),
    ("Batch input", "Batch input price", "Batch input tokens"),
    ("Batch output", "Batch output price", "Batch output tokens"),
    ("Context window", "Max context length", "Context length", "Context"),
    ("Max output", "Max output tokens", "Maximum completion tokens", "Max output length"),
    ("Knowledge cutoff", "Reliable knowledge cutoff", "Knowledge cut-off date"),
)


def heading_variants(page: str, kind: str, rng: random.Random) -> str:
    """Headings say the same in other words of the vocabulary, or in another case."""

    def reworded(cell: Cell) -> Cell:
        meaning = meaning_of(cell.text)
        # What is known and not kept has no synonyms: a plan and a note are both of that kind.
        if (
            meaning is None
            or meaning.role is Role.KNOWN
            or cell.text not in cell.inner
            or re.search(r"[\d($%]", cell.text)
        ):
            return cell
        same = [word for words in _VARIANTS for word in words if meaning_of(word) == meaning]
        same = [word for word in same if word.casefold() != cell.text.casefold()]
        chosen = rng.choice([*same, cell.text.upper(), cell.text.casefold()])
        return replace(cell, inner=cell.inner.replace(cell.text, chosen))

    def changed(table: Written) -> Written:
        if table.island:
            return table
        if not table.labels_are_rows:
            return table.map_cells(reworded, header=True, body=False)
        rows = [row.with_cells([reworded(row.cells[0]), *row.cells[1:]]) for row in table.body if row.cells]
        return replace(table, rows=(*table.rows[: table.head], *rows))

    return with_tables(page, [changed(table) for table in tables_of(page, kind)])


def footnote_marks(page: str, kind: str, rng: random.Random) -> str:
    """Prices and headings have marks of a footnote, which stands at the end of the page."""
    number = next(n for n in range(7, 30) if f"({n})" not in page and f"<sup>{n}" not in page)
    marks = {
        "html": (f"<sup>{number}</sup>", "*", f" ({number})", f" [{number}]", "<sup>*</sup>", "†"),
        "markdown": (f"<sup>{number}</sup>", "\\*", f" ({number})", "†", "^\\*^"),
    }
    mark = rng.choice(marks[kind])

    def marked(cell: Cell) -> Cell:
        is_price = MONEY.fullmatch(cell.text.split(" /")[0])
        is_heading = meaning_of(cell.text) is not None
        if not (is_price or is_heading) or rng.random() < 0.4:
            return cell
        return replace(cell, inner=f"{cell.inner}{mark}")

    tables = [table.map_cells(marked, header=True) for table in tables_of(page, kind)]
    mutated = with_tables(page, tables)
    if mutated == page:
        return page
    note = f"{mark.strip()} Taxes may be added."
    if kind == "markdown":
        return f"{mutated.rstrip()}\n\n{note}\n"
    return re.sub(r"(?i)(?=</main>|</body>)", f"<p>{note}</p>", mutated, count=1)


def struck_prices(page: str, kind: str, rng: random.Random) -> str:
    """Old prices stand struck out in front of the current ones."""
    marks = {"html": rng.choice(("<s>{}</s> ", "<del>{}</del> ", "<s>{}</s>")), "markdown": "~~{}~~ "}

    def with_old(text: str) -> str:
        found = MONEY.match(text.lstrip())
        if found is None:
            return text
        lead = text[: len(text) - len(text.lstrip())]
        old = f"${2 * Decimal(found['number'].replace(',', ''))}"
        return f"{lead}{marks[kind].format(_escaped(old, kind))}{text.lstrip()}"

    if kind == "html":
        return map_text(page, kind, with_old)
    changed = [
        table.map_cells(lambda cell: replace(cell, inner=with_old(cell.inner))) for table in tables_of(page, kind)
    ]
    return with_tables(page, changed)


def headings_down(page: str, kind: str, rng: random.Random) -> str:
    """Every heading is one level further down."""
    found = headings_of(page, kind)
    if not found or max(heading.level for heading in found) == 6:
        return page
    for heading in reversed(found):
        source = page[heading.start : heading.end]
        if kind == "html":
            source = re.sub(
                rf"(?<=\A<h){heading.level}|(?<=</h){heading.level}(?=\s*>\Z)", f"{heading.level + 1}", source
            )
        else:
            source = f"#{source}"
        page = page[: heading.start] + source + page[heading.end :]
    return page


def tabs(page: str, kind: str, rng: random.Random) -> str:
    """Tables under headings of one level stand in tabs that bear the headings' names."""
    for run in reversed(_runs_of_tables(page, kind)):
        bar, key = list[str](), f"tab-{rng.randrange(10**6)}"
        for number, (heading, end) in reversed(list(enumerate(run))):
            inside = page[heading.end : end]
            name = heading.text
            if kind == "html":
                bar.insert(0, f'<button role="tab" id="{key}-{number}">{name}</button>')
                panel = f'<div role="tabpanel" aria-labelledby="{key}-{number}">{inside}</div>'
            else:
                title = name.replace('"', "'")
                panel = f'<Tab title="{title}">\n{inside}\n</Tab>\n'
            page = page[: heading.start] + panel + page[end:]
        start = run[0][0].start
        opening = f'<div role="tablist">{"".join(bar)}</div>' if kind == "html" else ""
        page = page[:start] + opening + page[start:]
    return page


def _runs_of_tables(page: str, kind: str) -> list[list[tuple[Headed, int]]]:
    """Return runs of two and more headings of one level, each with the end of the one table that stands under it."""
    headings, tables = headings_of(page, kind), tables_of(page, kind)
    runs: list[list[tuple[Headed, int]]] = []
    expected = -1
    for number, heading in enumerate(headings):
        following = headings[number + 1].start if number + 1 < len(headings) else len(page)
        under = [table for table in tables if heading.end <= table.start and table.end <= following]
        end = _balanced(page, heading.end, under[0].end, following, kind) if len(under) == 1 else None
        if end is None or not heading.text or under[0].island:
            expected = -1
            continue
        if expected == heading.start and runs and runs[-1][-1][0].level == heading.level:
            runs[-1].append((heading, end))
        else:
            runs.append([(heading, end)])
        expected = following
    return [run for run in runs if len(run) > 1]


_ENCLOSING: Final = re.compile(r"<(/?)(?:div|section|article|main|ul|ol|li|p|body|html|astro-island)\b", re.IGNORECASE)


def _balanced(page: str, start: int, end: int, limit: int, kind: str) -> int | None:
    """Return the first place from `end` on up to which all that is opened after `start` is closed; None for none."""
    if kind != "html":
        return end
    depth = 0
    for match in _ENCLOSING.finditer(page, start, limit):
        if match.start() >= end and depth == 0:
            return end
        depth += -1 if match[1] else 1
        if depth < 0:
            return None
        if match.start() >= end and depth == 0:
            return page.index(">", match.start()) + 1
    return end if depth == 0 else None


CHANGES: Final = (
    class_names,
    wrapper_elements,
    attribute_order,
    blanks,
    comments_inside,
    character_references,
    columns_reordered,
    foreign_column,
    rows_reordered,
    heading_variants,
    footnote_marks,
    tabs,
    headings_down,
    struck_prices,
)
