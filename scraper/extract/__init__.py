"""What parsers stand on: documents as blocks, tables as grids, money, payloads, feeds, dates.

A provider module describes its page with these parts; none of them knows a provider, the store or the clock.

Documents
    document, passage           one capture as blocks with addresses; a piece of text that knows its place
    markup, markdown, nesting   HTML and Markdown to blocks, within limits
    payload, jsontext           data that pages embed; JSON with its numbers as sent
    source, paging              what a module declares; sources of several pages
    offers                      collecting facts of offers, settling what is said twice
Words, units, amounts
    vocabulary, chinese         what headings and labels mean, also in Chinese
    money, prices               an amount; a cell of prices as facts
    specs, moments, hours       counts, days and lists; from when and until when; by the time of day
    prompt_lengths, relabel     by the length of the prompt; labels that stand elsewhere
    regions, derived            the same in all regions; what follows from another price by a rule
    naming, footnotes           what stands beside a name; notes and their marks
Tables
    grid, tables                spans spread out; columns by their headings, lines as facts
    reshaped, captions          made over before they are read; what stands above them
    chinese_tables, conditional_rows, crossing, typed, triples, plans, media, features
                                by their form: with conditions, models as columns, a column of types, …
    price_pages, sections, variants, imagenotes, lifecycle, releases
                                whole pages: of prices, with a section a model, of states, of announcements
    text_tables, definitions, cards, per_lines, labelled
                                without markup of a table: runs of texts, cards, lines that say what they price
    payload_tables, cms_tables, tiered, priced_objects, embedded, billing
                                in the data of a page
Feeds
    feed, listing, router       a contract; lists as hosts hand them to routers; the format of OpenRouter
    rowfacts, tiers, typed_prices, ticks, hosts
                                rows: specs, tiers and variants, prices that say their type, parts of a dollar, hosts
    pricelist, retailprices, meterwords
                                price lists of clouds, and the words of their meters
    inner_pages                 a page inside JSON
"""

from __future__ import annotations


class Unreadable(Exception):
    """A document, a cell or a number is not what it would have to be; the message says what was met instead."""


REFUSALS = (Unreadable, ValueError)
"""What a value that cannot be is refused with: by the parts of this package, or by the records and rate keys."""
