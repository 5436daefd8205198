"""Replay answers every fetch from folders of captures, as of a time."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from scraper.errors import RatecardError
from scraper.fetch.capture import Fetched, NotFetched
from scraper.fetch.replay import Replay, address_key
from scraper.times import parse_at

PAGE = "https://example.org/pricing"
HEADER = "url,captured_on,content_type,file"


def folder(path: Path, *rows: str, header: str = HEADER, **files: bytes) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "MANIFEST.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    for name, body in files.items():
        (path / name.replace("_", ".")).write_bytes(body)
    return path


def at(text: str, *folders: Path) -> Replay:
    return Replay(folders, parse_at(text))


def body(replay: Replay, *addresses: str) -> bytes | str:
    got = replay.fetch(addresses or (PAGE,))
    return got.body if isinstance(got, Fetched) else got.kind


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    return folder(
        tmp_path / "pages",
        f"{PAGE},2026-04-27,text/html; charset=utf-8,b.html",
        f"{PAGE},2026-03-01,text/html,a.html",
        f"{PAGE},2026-08-21T10:00:00+02:00,text/html,c.html",
        a_html=b"first",
        b_html=b"second",
        c_html=b"third",
    )


def test_gives_the_newest_capture_not_later_than_the_time(pages: Path) -> None:
    assert body(at("2026-02-28", pages)) == "not_captured"
    assert body(at("2026-03-01", pages)) == b"first"
    assert body(at("2026-04-26", pages)) == b"first"
    assert body(at("2026-04-27", pages)) == b"second"
    assert body(at("2026-08-21T07:59:59Z", pages)) == b"second"
    assert body(at("2026-08-21T08:00Z", pages)) == b"third"
    assert body(at("2030-01-01", pages)) == b"third"


def test_a_capture_of_a_day_counts_from_its_first_moment(pages: Path) -> None:
    assert body(at("2026-04-27T00:00Z", pages)) == b"second"
    assert body(at("2026-04-26T23:59:59Z", pages)) == b"first"


def test_says_what_is_known_of_the_capture(pages: Path) -> None:
    got = at("2026-08-21", pages).fetch([PAGE])
    assert isinstance(got, Fetched)
    assert got.capture.captured_at == datetime(2026, 8, 21, 8, tzinfo=UTC)
    assert (got.capture.url, got.capture.content_type, got.capture.size) == (PAGE, "text/html", 5)
    earlier = at("2026-05-01", pages).fetch([PAGE])
    assert isinstance(earlier, Fetched)
    assert earlier.capture.content_type == "text/html; charset=utf-8"


def test_the_first_address_that_any_folder_has_wins(tmp_path: Path) -> None:
    new = folder(tmp_path / "new", "https://example.org/old,2026-05-01,text/html,x.html", x_html=b"former address")
    old = folder(tmp_path / "old", f"{PAGE},2026-01-01,text/html,x.html", x_html=b"current address")
    for folders in ((new, old), (old, new)):
        assert body(at("2026-06-01", *folders), PAGE, "https://example.org/old") == b"current address"
        assert body(at("2026-06-01", *folders), "https://example.org/none", "https://example.org/old") == (
            b"former address"
        )
    assert body(at("2025-12-31", old, new), PAGE, "https://example.org/old") == "not_captured"


def test_an_address_captured_only_later_gives_way_to_the_next_one(tmp_path: Path) -> None:
    rows = (f"{PAGE},2026-06-01,text/html,a.html", "https://example.org/old,2026-01-01,text/html,b.html")
    pages = folder(tmp_path / "x", *rows, a_html=b"new", b_html=b"old")
    assert body(at("2026-03-01", pages), PAGE, "https://example.org/old") == b"old"
    assert body(at("2026-06-01", pages), PAGE, "https://example.org/old") == b"new"


def test_the_newest_capture_wins_across_folders_and_of_ties_the_later_row_of_the_later_folder(tmp_path: Path) -> None:
    row = f"{PAGE},2026-04-27,text/html"
    one = folder(tmp_path / "one", f"{row},a.html", f"{row},b.html", a_html=b"1a", b_html=b"1b")
    two = folder(
        tmp_path / "two", f"{row}T00:00:00Z,a.html".replace(",text/html", "", 1), header="url,captured_on,file"
    )
    with pytest.raises(RatecardError, match="lacks the column content_type"):
        at("2026-05-01", two)
    two = folder(tmp_path / "two", f"{row},a.html", a_html=b"2a")
    newer = folder(tmp_path / "newer", f"{PAGE},2026-04-28,text/html,a.html", a_html=b"newer")
    assert body(at("2026-05-01", one)) == b"1b"
    assert body(at("2026-05-01", one, two)) == b"2a"
    assert body(at("2026-05-01", two, one)) == b"1b"
    assert body(at("2026-05-01", newer, one, two)) == b"newer"


def test_nothing_captured_is_said_with_address_and_time(pages: Path) -> None:
    got = at("2026-01-01", pages).fetch([PAGE, "https://example.org/old"])
    assert isinstance(got, NotFetched)
    assert (got.kind, got.url) == ("not_captured", PAGE)
    assert PAGE in got.message
    assert "2026-01-01T23:59:59Z" in got.message
    assert "the first one is of 2026-03-01T00:00:00Z" in got.message
    never = at("2026-01-01", pages).fetch(["https://example.org/none"])
    assert isinstance(never, NotFetched)
    assert "first one" not in never.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTPS://Example.ORG/pricing", PAGE),
        ("https://example.org:443/pricing/", PAGE),
        ("http://example.org:80", "http://example.org/"),
        (f"{PAGE}#api", PAGE),
        (f" {PAGE}", PAGE),
        ("https://example.org/a%2fb?q=%e4%bd%a0", "https://example.org/a%2Fb?q=%E4%BD%A0"),
        ("https://example.org/a/?b=1", "https://example.org/a?b=1"),
        ("https://[::1]:443/a", "https://[::1]/a"),
    ],
)
def test_addresses_that_are_the_same(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{PAGE}?page=1", PAGE),
        (f"{PAGE}?page=1", f"{PAGE}?page=2"),
        (f"{PAGE}?a=1&b=2", f"{PAGE}?b=2&a=1"),
        ("http://example.org/pricing", PAGE),
        ("https://www.example.org/pricing", PAGE),
        ("https://example.org/Pricing", PAGE),
        ("https://example.org:8443/pricing", PAGE),
        ("https://user@example.org/pricing", PAGE),
        ("https://example.org/a%2Fb", "https://example.org/a/b"),
    ],
)
def test_addresses_that_are_not(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


def test_a_manifest_may_name_what_is_no_address(tmp_path: Path) -> None:
    pages = folder(tmp_path / "x", "the console (no address),2026-01-01,text/html,a.html", a_html=b"a")
    assert body(at("2026-02-01", pages), "the console (no address)") == b"a"
    assert body(at("2026-02-01", pages), "http://[bad/") == "not_captured"


def test_gz_files_are_unpacked_unless_gzip_is_their_type(tmp_path: Path) -> None:
    packed = gzip.compress(b"{}")
    rows = (
        "https://a.example/,2026-01-01,application/json,x.gz",
        "https://b.example/,2026-01-01,application/gzip,x.gz",
    )
    pages = folder(tmp_path / "x", *rows, x_gz=packed)
    assert body(at("2026-02-01", pages), "https://a.example/") == b"{}"
    assert body(at("2026-02-01", pages), "https://b.example/") == packed
    (pages / "x.gz").write_bytes(packed[:-3])
    with pytest.raises(RatecardError, match="not a whole gzip file"):
        body(at("2026-02-01", pages), "https://a.example/")


def test_extra_columns_blank_lines_and_a_bom_are_no_trouble(tmp_path: Path) -> None:
    pages = folder(tmp_path / "x", f'x,{PAGE},2026-01-01,text/html,a.html,"a, b"', "", header=f"provider,{HEADER},note")
    manifest = pages / "MANIFEST.csv"
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    (pages / "a.html").write_bytes(b"a")
    assert body(at("2026-02-01", pages)) == b"a"


@pytest.mark.parametrize(
    "file", ["../a.html", "sub/../../a.html", "/etc/passwd", "\\a.html", "..\\a.html", "C:\\a.html"]
)
def test_files_must_lie_inside_the_folder(tmp_path: Path, file: str) -> None:
    (tmp_path / "a.html").write_bytes(b"outside")
    pages = folder(tmp_path / "x", f"{PAGE},2026-01-01,text/html,{file}")
    with pytest.raises(RatecardError, match=r"MANIFEST.csv, line 2 names .* leads out of the folder"):
        at("2026-02-01", pages)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"outside")
    pages = folder(tmp_path / "x", f"{PAGE},2026-01-01,text/html,link.html")
    (pages / "link.html").symlink_to(tmp_path / "a.html")
    with pytest.raises(RatecardError, match="leads out of the folder"):
        body(at("2026-02-01", pages))


def test_a_missing_file_matters_only_when_it_is_needed(pages: Path) -> None:
    (pages / "b.html").unlink()
    assert body(at("2026-03-01", pages)) == b"first"
    assert body(at("2026-09-01", pages)) == b"third"
    with pytest.raises(RatecardError, match=r"names 'b.html' for https://example.org/pricing, which cannot be read"):
        body(at("2026-05-01", pages))


def test_unusable_folders_are_one_clear_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(RatecardError, match=r"there is no folder .*none; give a folder"):
        at("2026-01-01", tmp_path / "none")
    (tmp_path / "bare").mkdir()
    with pytest.raises(RatecardError, match=r"bare has no MANIFEST\.csv"):
        at("2026-01-01", tmp_path / "bare")
    for header in ("url,file", ""):
        with pytest.raises(RatecardError, match=r"lacks the column .*captured_on"):
            at("2026-01-01", folder(tmp_path / "x", header=header))
    for captured_on in ("undated", "2026-13-01", "", "27.04.2026", "9999-12-31T23:59:59-23:00"):
        with pytest.raises(RatecardError, match=r"line 2: captured_on: .*is not a time"):
            at("2026-01-01", folder(tmp_path / "x", f"{PAGE},{captured_on},text/html,a.html"))
    for row, missing in ((f"{PAGE},2026-01-01,text/html", "file"), (",2026-01-01,text/html,a.html", "url")):
        with pytest.raises(RatecardError, match=f"line 2 names no {missing}"):
            at("2026-01-01", folder(tmp_path / "x", row))
    (folder(tmp_path / "x") / "MANIFEST.csv").write_bytes(HEADER.encode() + b"\n\xff\xfe,,,\n")
    with pytest.raises(RatecardError, match="cannot be read as a CSV file in UTF-8"):
        at("2026-01-01", tmp_path / "x")


def test_times_as_people_give_them() -> None:
    assert parse_at("2026-04-27") == datetime(2026, 4, 27, 23, 59, 59, tzinfo=UTC)
    assert parse_at(" 2026-04-27T10:00 ") == datetime(2026, 4, 27, 10, tzinfo=UTC)
    assert parse_at("2026-04-27 10:00:00Z") == datetime(2026, 4, 27, 10, tzinfo=UTC)
    assert parse_at("2026-04-27T00:30+02:00") == datetime(2026, 4, 26, 22, 30, tzinfo=UTC)
    assert parse_at("2026-04-27T00:30+02:00").utcoffset() == timedelta(0)
    for text in ("", "now", "2026-02-30", "2026-04", "0001-01-01T00:00+10:00"):
        with pytest.raises(RatecardError, match="is not a time; write a date"):
            parse_at(text)


def test_the_time_of_a_replay_has_a_zone(pages: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        Replay([pages], datetime(2026, 4, 27))  # noqa: DTZ001
    there = datetime(2026, 4, 27, 1, tzinfo=timezone(timedelta(hours=2)))
    assert body(Replay([pages], there)) == b"first"


def test_every_shared_capture_is_found_under_its_own_address_and_day() -> None:
    captures = Path(__file__).resolve().parents[1].parent / "shared" / "captures"
    if not captures.is_dir():
        pytest.skip("needs the shared captures beside the checkout, which are not there")
    with (captures / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 100
    for row in rows:
        got = at(row["captured_on"], captures).fetch([row["url"]])
        assert isinstance(got, Fetched)
        assert got.body
        assert got.capture.captured_at.date().isoformat() == row["captured_on"]
