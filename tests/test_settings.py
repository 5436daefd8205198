"""Settings come from the environment, a TOML file and defaults; what is wrong is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scraper.errors import RatecardError
from scraper.settings import load_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("RATECARD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "ratecard.toml"
    monkeypatch.setenv("RATECARD_CONFIG", str(path))
    return path


def test_defaults_keep_everything_in_the_data_folder(tmp_path: Path) -> None:
    settings = load_settings()
    home = tmp_path / "data" / "ratecard"
    assert settings.data_dir == home
    assert settings.db == f"sqlite:///{home}/ratecard.db"
    assert settings.archive_for(settings.db) == home / "ratecard.archive"
    assert settings.user_agent == "ratecard/0.1.0"
    assert not home.exists()


def test_without_xdg_the_data_folder_is_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_DATA_HOME", value)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert load_settings().data_dir.is_relative_to(tmp_path)


def test_argument_wins_over_environment_and_environment_over_file(
    config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config.write_text(
        f"db = 'sqlite:///file.db'\ncontact = 'ops@example.org'\ndata_dir = '{tmp_path}'\nmax_body = 1000\n"
    )
    assert load_settings().db == "sqlite:///file.db"
    assert load_settings().user_agent == "ratecard/0.1.0 (+ops@example.org)"
    assert (load_settings().data_dir, load_settings().max_body) == (tmp_path, 1000)
    monkeypatch.setenv("RATECARD_DB", "sqlite:///environment.db")
    monkeypatch.setenv("RATECARD_MAX_BODY", "2000")
    assert load_settings().db == "sqlite:///environment.db"
    assert load_settings().max_body == 2000
    assert load_settings("sqlite:///argument.db").db == "sqlite:///argument.db"
    monkeypatch.setenv("RATECARD_DB", "")
    assert load_settings().db == "sqlite:///file.db"


def test_the_archive_belongs_beside_its_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load_settings("sqlite:///x.db")
    assert settings.archive_for("sqlite:///x.db") == Path("x.archive")
    assert settings.archive_for("sqlite:////srv/prices.2026.sqlite3") == Path("/srv/prices.2026.archive")
    assert settings.archive_for("sqlite+pysqlite:///sub/x") == Path("sub/x.archive")
    assert settings.archive_for("sqlite:///x.db?timeout=5") == Path("x.archive")
    for url in ("postgresql://host/rates", "postgresql+psycopg://u:p@host/rates", "sqlite://", "sqlite:///:memory:"):
        assert settings.archive_for(url) == tmp_path / "data" / "ratecard" / "archive"
    monkeypatch.setenv("RATECARD_ARCHIVE", str(tmp_path / "kept"))
    assert load_settings().archive_for("sqlite:///x.db") == tmp_path / "kept"
    assert load_settings().archive_for("postgresql://host/rates") == tmp_path / "kept"


def test_folders_may_begin_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RATECARD_DATA_DIR", "~/rates")
    assert load_settings().data_dir == tmp_path / "rates"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("max_body = 'much'", "max_body"),
        ("max_body = 0", "max_body"),
        ("deadline = inf", "deadline"),
        ("data_dir = 7", "data_dir"),
        ("db = ''", "db"),
        ('contact = "a\\nHost: b"', "contact"),
        ("user_agent = '日本'", "user_agent"),
    ],
)
def test_f43_a_bad_value_is_named_with_its_file(config: Path, line: str, key: str) -> None:
    config.write_text(line)
    with pytest.raises(RatecardError, match=f"{config}: the key '{key}' is not usable: "):
        load_settings()


def test_f43_an_unknown_key_is_named_with_its_file(config: Path) -> None:
    config.write_text("achive = 'x'\n[alarms]\n")
    with pytest.raises(RatecardError, match=rf"{config}: there is no key 'achive'; the keys are .*archive, .*'alarms'"):
        load_settings()


def test_f43_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATECARD_DEADLINE", "soon")
    with pytest.raises(RatecardError, match="environment variable RATECARD_DEADLINE is not usable"):
        load_settings()


def test_an_empty_database_argument_is_named() -> None:
    with pytest.raises(RatecardError, match="--db: "):
        load_settings("")


def test_f43_a_file_that_is_missing_or_not_toml_is_named(config: Path) -> None:
    with pytest.raises(RatecardError, match=f"{config} cannot be read .*RATECARD_CONFIG"):
        load_settings()
    for bad in (b"db = ", b"\xff\xfe"):
        config.write_bytes(bad)
        with pytest.raises(RatecardError, match=f"{config} is not TOML"):
            load_settings()
