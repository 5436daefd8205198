"""Usage as a CSV file: a row for each model, in tokens; whatever is not plainly right is refused with its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from scraper.errors import RatecardError

REQUIRED: Final = ("provider", "model", "input", "output")
OPTIONAL: Final = ("cached", "batch")

_TOKENS: Final = re.compile(r"[0-9]{1,18}")
_SHARE: Final = re.compile(r"(?P<number>[0-9]{1,3}(?:\.[0-9]{1,12})?)(?P<percent> ?%)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One row: whole tokens of one model as one provider sells it, by the id that is sent to it, else by its name.

    `input` are the tokens that were sent and not read from a cache, `cached` those read from one. `batch` is the share
    of all of them, from 0 to 1, that went through batches. `line` counts the lines of the file from 1.
    """

    line: int
    provider: str
    model: str
    input: int
    cached: int
    output: int
    batch: Decimal


def read_usage(file: Path) -> list[Usage]:
    """Read a usage file. Raises `RatecardError` naming the file and the line where something is not right."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            return list(_rows(file, opened))
    except OSError as error:
        raise RatecardError(f"{file} cannot be read ({error.strerror or error}); name a CSV file of usage.") from error
    except UnicodeDecodeError as error:
        raise RatecardError(f"{file} is not UTF-8 text; save it as CSV in UTF-8.") from error


def _rows(file: Path, lines: Iterable[str]) -> Iterator[Usage]:
    reader = csv.reader(lines, strict=True)
    header: Sequence[str] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise _wrong(file, reader.line_num, f"is not CSV: {error}") from error
        if not any(cell.strip() for cell in cells):
            continue
        line = reader.line_num
        if header is None:
            header = _header(file, line, cells)
        elif len(cells) != len(header):
            raise _wrong(file, line, f"has {len(cells)} cells, and the first line has {len(header)}")
        else:
            yield _usage(file, line, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
    if header is None:
        raise RatecardError(f"{file} is empty; its first line names the columns {', '.join((*REQUIRED, *OPTIONAL))}.")


def _header(file: Path, line: int, cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    columns = f"the columns are {', '.join(REQUIRED)} and, if wanted, {', '.join(OPTIONAL)}"
    if missing := [name for name in REQUIRED if name not in names]:
        raise _wrong(file, line, f"lacks the column {missing[0]}; {columns}")
    if unknown := [name for name in names if name not in (*REQUIRED, *OPTIONAL)]:
        raise _wrong(file, line, f"has the column {unknown[0]!r}, which means nothing here; {columns}")
    if len(names) != len(set(names)):
        raise _wrong(file, line, "names a column twice")
    return names


def _usage(file: Path, line: int, row: dict[str, str]) -> Usage:
    for name in ("provider", "model"):
        if not row[name]:
            raise _wrong(file, line, f"has no {name}")
    tokens = {}
    for name in ("input", "cached", "output"):
        text = row.get(name, "") or ("0" if name == "cached" else "")
        if not _TOKENS.fullmatch(text):
            raise _wrong(file, line, f"has {text!r} for {name}, which must be a whole number of tokens such as 1500000")
        tokens[name] = int(text)
    return Usage(
        line=line,
        provider=row["provider"],
        model=row["model"],
        **tokens,
        batch=_share(file, line, row.get("batch", "")),
    )


def _share(file: Path, line: int, text: str) -> Decimal:
    match = _SHARE.fullmatch(text or "0")
    share = Decimal(match["number"]).scaleb(-2 if match["percent"] else 0) if match else Decimal(2)
    if share > 1:
        raise _wrong(file, line, f"has {text!r} for batch, which must be a share from 0 to 1, or per cent such as 40%")
    return share


def _wrong(file: Path, line: int, problem: str) -> RatecardError:
    return RatecardError(f"{file}, line {line}: {problem}.")
