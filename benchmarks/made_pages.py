"""Price pages for the crawl, made in the structure and of the size of real ones, and our parser for them.

A page has a navigation, prose, scripts with data, and one table of 20 to 60 models with four facts each: 60 to 200 KB.
"""

from __future__ import annotations

import json
import random
from typing import Final

from scraper.extract.document import Document
from scraper.extract.price_pages import named_by_id, read_price_tables
from scraper.extract.prices import PER_MILLION, Scale
from scraper.records import Reading

PAGES: Final = 1000
HOSTS: Final = 40
PROVIDERS: Final = 200
"""Each has five pages; the providers that are built have fewer than two."""

FIELDS: Final = frozenset({"input", "cache_read", "output", "context_window"})

_HEAD: Final = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Pricing of catalogue {n}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="canonical" href="/pricing/{n}">
<style>{style}</style><script type="application/ld+json">{data}</script></head><body class="antialiased bg-white">
"""
_ROW: Final = (
    '<tr class="border-b border-gray-200 hover:bg-gray-50 transition-colors">'
    '<td class="py-3 px-4 align-top font-medium"><code class="text-sm">{model}</code></td>'
    '<td class="py-3 px-4 align-top text-right tabular-nums">{context}</td>'
    '<td class="py-3 px-4 align-top text-right tabular-nums"><span>${input}</span> / 1M tokens</td>'
    '<td class="py-3 px-4 align-top text-right tabular-nums"><span>${cached}</span> / 1M tokens</td>'
    '<td class="py-3 px-4 align-top text-right tabular-nums"><span>${output}</span> / 1M tokens</td></tr>\n'
)
_TABLE: Final = (
    '<section id="models" class="mx-auto max-w-5xl px-6 py-12"><h2 class="text-2xl">Models</h2><p>Prices per 1M tokens '
    'in USD.</p><div class="overflow-x-auto"><table class="pricing w-full text-left"><thead><tr><th>Model</th>'
    "<th>Context window</th><th>Input</th><th>Cached input</th><th>Output</th></tr></thead><tbody>\n{rows}</tbody>"
    "</table></div></section>\n"
)


def read(document: Document) -> Reading:
    """Read the table of a page, as the providers' modules do."""
    offers = read_price_tables(document.tables, scale=Scale(PER_MILLION), naming=named_by_id, ignored={})
    return offers.reading()


def rows_of(number: int) -> int:
    """Return how many models a page has."""
    return 20 + number * 7 % 41


def page(number: int) -> bytes:
    """Return a page: the same bytes whenever it is made."""
    dice = random.Random(number)  # noqa: S311 - not a secret
    words = _words(dice)
    parts = [
        _HEAD.format(n=number, style=_style(dice, words), data=json.dumps({"@type": "Product", "name": words[:40]})),
        _nav(dice, words),
        _prose(dice, words, 6),
        _TABLE.format(rows="".join(_row(dice, number, row) for row in range(rows_of(number)))),
        _prose(dice, words, 12),
    ]
    # What is left is scripts with data, as in the pages of today's frameworks.
    size, wanted = sum(map(len, parts)), dice.randint(60_000, 200_000)
    while size < wanted:
        parts.append(_script(dice, words))
        size += len(parts[-1])
    return "".join([*parts, "</body></html>"]).encode()


def _words(dice: random.Random) -> list[str]:
    return ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(3, 10))) for _ in range(400)]


def _style(dice: random.Random, words: list[str]) -> str:
    return "".join(f".{dice.choice(words)}{{padding:{dice.randint(1, 40)}px;color:#{n:06x}}}" for n in range(150))


def _nav(dice: random.Random, words: list[str]) -> str:
    links = (f'<li class="nav-item"><a href="/{dice.choice(words)}">{dice.choice(words)}</a></li>' for _ in range(60))
    return f'<header><nav class="flex gap-4"><ul>{"".join(links)}</ul></nav></header><main>\n'


def _prose(dice: random.Random, words: list[str], paragraphs: int) -> str:
    parts = []
    for _ in range(paragraphs):
        said = " ".join(dice.choices(words, k=60))
        link = f'<a class="underline" href="/docs/{dice.choice(words)}">{dice.choice(words)}</a>'
        parts.append(
            f'<div class="prose"><h3>{dice.choice(words)}</h3><p>{said} {link}. <em>{words[0]}</em></p></div>\n'
        )
    return "".join(parts)


def _row(dice: random.Random, number: int, row: int) -> str:
    cents = dice.randint(4, 400) * 5
    return _ROW.format(
        model=f"maker-{number % 7}/model-{number}-{row}",
        context=f"{dice.choice((32_000, 64_000, 128_000, 200_000)):,}",
        input=f"{cents / 100:.2f}",
        cached=f"{cents / 400:.4f}",
        output=f"{cents / 25:.2f}",
    )


def _script(dice: random.Random, words: list[str]) -> str:
    value = {dice.choice(words): [{"id": n, "children": " ".join(dice.choices(words, k=8))} for n in range(40)]}
    return f"<script>self.__next_f.push({json.dumps([1, json.dumps(value)])})</script>\n"
