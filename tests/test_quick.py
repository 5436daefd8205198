"""What is asked of a SQLite file without opening a store is what the store says, or it is not answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from scraper.places import database_alone
from scraper.records import Mark, State
from scraper.settings import load_settings
from scraper.store import Store, evidence, find_offers, history, open_store
from scraper.store.asking import Ask, is_held, offers_called, statements_of, what_stands
from scraper.store.browsing import get_offers
from scraper.store.quick import ask_quickly
from scraper.store.views import OfferView, Statement
from tests.captures import Command
from tests.published import demo_store
from tests.test_holds import NOW, held, read
from tests.test_store import DAY, MODELS, PRICING, START, fact, offer

PROVIDERS = ("anthropic", "github-models", "openai", "openrouter", "replicate")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give a store with what is out of the ordinary: names, shared ids; what is held, gone, announced, disputed."""
    cheap = fact("output", "9", promotional=True, valid_until=START + 30 * DAY)
    later = fact("cache_read", "2", valid_from=START + 40 * DAY)
    shared = [offer("s", fact("input", str(number)), name=f"S {number}", shared_id=True) for number in (2, 1)]
    named = [
        offer("", fact("input", "3"), name="Named"),
        offer("", fact("input", None, state=State.NOT_OFFERED), name="None"),
    ]
    with open_store(database_url) as opened:
        read(opened, 1, offer("a", fact("input", "5"), cheap), offer("gone", fact("input", "7")), *shared, *named)
        read(opened, 2, offer("a", fact("input", "5"), cheap, later), *shared, *named)
        read(opened, 3, offer("a", fact("input", "0.5"), cheap, later), *shared, *named, hold=[held()])
        read(opened, 4, offer("a", fact("input", "0.5"), cheap, later), *shared, named[0], hold=[held()])
        read(opened, 4, offer("a", fact("input", "4"), fact("context_window", "9")), source=replace(MODELS, rank=0))
        yield opened


def asked(url: str, provider: str, called: str) -> list[OfferView] | None:
    return ask_quickly(url, lambda ask: offers_called(ask, provider, called, NOW))


def called(url: str) -> list[tuple[str, str]]:
    """Return everything by which an offer can be asked for: its provider with its id, and with its name."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        return database.execute(
            "SELECT provider, model_id FROM offers WHERE model_id <> '' UNION SELECT provider, name FROM offers "
            "WHERE name <> ''"
        ).fetchall()


def test_an_offer_is_the_same_in_either_way(store: Store) -> None:
    for name in ("a", "gone", "s", "S 1", "Named", "None", "nothing"):
        assert get_offers(store, "acme", name, NOW, None) == find_offers(store, "acme", name, NOW), name
    assert len(get_offers(store, "acme", "s", NOW, None)) == 2
    [found] = get_offers(store, "acme", "a", NOW, None)
    marks = {mark for view in found.fields for mark in view.marks}
    assert marks >= {Mark.PROMOTIONAL, Mark.DISPUTED, Mark.HELD}
    assert found.announced


def test_without_a_store_all_offers_and_statements_are_the_same(store: Store, database_url: str) -> None:
    if store.engine.dialect.name != "sqlite":
        assert asked(database_url, "acme", "a") is None
        return
    same_in_both_ways(store, database_url)
    assert ask_quickly(database_url, lambda ask: is_held(ask, "acme"))


def test_so_they_are_for_the_bundled_pages(tmp_path: Path) -> None:
    with demo_store(tmp_path, PROVIDERS) as store:
        same_in_both_ways(store, f"sqlite:///{tmp_path}/demo.db")


def same_in_both_ways(store: Store, url: str) -> None:
    for provider, name in called(url):
        offers = find_offers(store, provider, name, NOW)
        assert offers
        assert asked(url, provider, name) == offers
        for found in offers:
            for view in found.fields:
                past = ask_quickly(url, partial(statements_of, offer_id=found.id, field=view.field))
                assert past == history(store, found.id, view.field)
                assert what_stands(past or ()) == evidence(store, found.id, view.field)


def changed(statement: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as database:
            database.execute(statement)
            database.commit()

    return change


@pytest.mark.parametrize(
    "change",
    [
        Path.unlink,
        lambda file: file.write_bytes(b"not a database, and long enough to be read as a header of one" * 9),
        changed("UPDATE alembic_version SET version_num = '0012'"),
        changed("UPDATE alembic_version SET version_num = '9999'"),
        changed("DELETE FROM alembic_version"),
        changed("DROP TABLE alembic_version"),
        changed("PRAGMA journal_mode=DELETE"),
        changed("ALTER TABLE observations RENAME COLUMN quote TO cited"),
    ],
)
def test_what_the_store_would_mend_or_tell_is_not_answered(change: Callable[[Path], None], tmp_path: Path) -> None:
    file = tmp_path / "ratecard.db"
    with open_store(f"sqlite:///{file}") as store:
        read(store, 1, offer("a", fact("input", "5")))

    def ask(ask: Ask) -> list[Statement]:
        return statements_of(ask, 1, "input")

    assert ask_quickly(f"sqlite:///{file}", ask)
    change(file)
    before = file.read_bytes() if file.exists() else None
    assert ask_quickly(f"sqlite:///{file}", ask) is None
    assert (file.read_bytes() if file.exists() else None) == before


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///{}?timeout=5", "{}"])
def test_other_addresses_are_not_answered(url: str, tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/ratecard.db").close()
    assert asked(url.format(tmp_path / "ratecard.db"), "acme", "a") is None


def test_a_relative_address_is_answered_unless_it_goes_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(f"sqlite:///{tmp_path}/ratecard.db").close()
    monkeypatch.chdir(tmp_path)
    assert asked("sqlite:///ratecard.db", "acme", "a") == []
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert asked("sqlite:///../ratecard.db", "acme", "a") is None, "a link may stand in between"


@pytest.mark.parametrize("db", [None, "sqlite:///given.db", "nothing", " "])
@pytest.mark.parametrize("own", [{}, {"RATECARD_DB": "sqlite:///own.db"}, {"RATECARD_DB": ""}])
@pytest.mark.parametrize("folder", [{}, {"RATECARD_DATA_DIR": "~/data"}, {"RATECARD_DATA_DIR": ""}])
@pytest.mark.parametrize("home", [{}, {"XDG_DATA_HOME": "/srv/data"}, {"XDG_DATA_HOME": "relative"}])
def test_the_database_is_that_of_the_settings(
    db: str | None, own: dict[str, str], folder: dict[str, str], home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RATECARD_DEBUG": "1", **own, **folder, **home}.items():
        monkeypatch.setenv(name, value)
    assert database_alone(db) == load_settings(db).db


@pytest.mark.parametrize("other", ["RATECARD_CONFIG", "RATECARD_PACE", "ratecard_db", "RATECARD_NEW"])
def test_where_more_is_set_the_settings_are_read(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database_alone("sqlite:///given.db")
    assert database_alone("") is None
    monkeypatch.setenv(other, "1")
    assert database_alone("sqlite:///given.db") is None


def test_the_command_says_the_same_in_either_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(f"sqlite:///{tmp_path}/demo.db", monkeypatch, capsys)
    demo_store(tmp_path, ("openai", "replicate")).close()
    changed("UPDATE holds SET status = 'open'")(tmp_path / "demo.db")
    cases = [
        ("show", "openai/gpt-4.1-nano"),
        ("show", "openai/gpt-4.1-nano", "--setup"),
        ("show", "replicate/openai/gpt-4.1-nano", "--json"),
        ("show", "openai/gpt-4.1"),
        ("show", "openai/nothing"),
        ("show", "openai/"),
        ("show", "nobody/gpt-4.1-nano"),
        ("explain", "openai/gpt-4.1-nano", "input"),
        ("explain", "openai/gpt-4.1-nano", "input", "--json"),
        ("explain", "openai/gpt-4.1-nano", "context_window", "--json"),
        ("explain", "openai/gpt-4.1-nano", "inputs"),
        ("explain", "openai/nothing", "input"),
    ]
    quickly = [ratecard(*case) for case in cases]
    monkeypatch.setenv("RATECARD_PACE", "1")
    assert [ratecard(*case) for case in cases] == quickly


def test_a_field_that_one_of_several_offers_lacks_is_refused_in_either_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    with open_store(ratecard.db) as opened:
        stated = (
            offer("s", fact("input", "1"), fact("images", "2"), name="One", shared_id=True),
            offer("s", fact("input", "3"), name="Other", shared_id=True),
        )
        read(opened, 1, *stated, source=replace(PRICING, provider="openai"))
    cases = [("explain", "openai/s", "input"), ("explain", "openai/s", "images"), ("explain", "openai/s", "pages")]
    quickly = [ratecard(*case) for case in cases]
    assert [ran.code for ran in quickly] == [0, 2, 2]
    monkeypatch.setenv("RATECARD_PACE", "1")
    assert [ratecard(*case) for case in cases] == quickly
