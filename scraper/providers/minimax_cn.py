"""MiniMax in China (platform.minimaxi.com): the page of API prices in CNY, in Chinese.

Language models stand in texts without a table: headings, then for each model its id, a length of prompt, its prices.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from scraper.extract.chinese import heading_in_english, in_english, table_in_english
from scraper.extract.document import Document
from scraper.extract.markup import Text
from scraper.extract.offers import Offers
from scraper.extract.prices import Scale
from scraper.extract.reshaped import clips_by_size, named_by_lines, reworded
from scraper.extract.source import Source
from scraper.extract.tables import MONEY, read_table
from scraper.extract.text_tables import text_tables
from scraper.extract.vocabulary import KNOWN, VOCABULARY, key
from scraper.records import Reading

_WORDS: Final = VOCABULARY.extended(
    {
        "cache read": key("cache_read"),
        "price(?: \\(per (?:10k characters|video)\\))?": key("output"),
        "price \\(per request\\)": key("requests"),
        "description": KNOWN,
    }
)
_ID: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z0-9.]+)+")
_RESPELLED: Final = {r"¥0(?:\.0+)?\s?\((limited-time free)\)": r"\1"}
_PER_VOICE: Final = "音色"  # a fee for making a voice, which is no use of a model


def _translated(text: Text) -> Text:
    said = text.passage.text
    return replace(
        text, passage=text.passage.with_text((in_english if MONEY.search(said) else heading_in_english)(said))
    )


def read_pricing(document: Document) -> Reading:
    """Read the texts of language models, and the tables of video, speech and music."""
    offers = Offers()
    texts = [_translated(text) for text in document.texts]
    tables = [*text_tables(texts, _WORDS, _ID), *(table_in_english(table) for table in document.tables)]
    for table in tables:
        table = clips_by_size(reworded(table, _RESPELLED, left_out=_PER_VOICE), _WORDS)
        read_table(table, offers, scale=Scale(currency="CNY"), vocabulary=_WORDS, naming=named_by_lines)
    return offers.reading(needed="prices of models")


_TOKENS: Final = ("input", "output", "cache_read")

SOURCES = (
    Source(
        name="token-plan",
        addresses=("https://platform.minimaxi.com/subscribe/token-plan?tab=api-enterprise",),
        read=read_pricing,
        publishes=frozenset(
            {
                *(f"{meter}{labels}" for meter in _TOKENS for labels in ("", "{prompt_gt=512000}")),
                *("cache_write", "videos{mode=6s,resolution=768P}", "characters", "requests"),
            }
        ),
        browser=True,
    ),
)
