"""Configuration: environment variables `RATECARD_…`, then the TOML file that `RATECARD_CONFIG` names, then defaults."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from scraper import __version__
from scraper.errors import RatecardError

PREFIX: Final = "RATECARD_"
CONFIG_VARIABLE: Final = "RATECARD_CONFIG"


def _header_text(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError("must be printable ASCII, because it is sent as a header")
    return text.strip()


HeaderText = Annotated[str, AfterValidator(_header_text)]
Folder = Annotated[Path, AfterValidator(Path.expanduser)]


def _user_data_dir() -> Path:
    """Return the platform's folder for a user's data, with ours in it; nothing is created."""
    xdg = os.environ.get("XDG_DATA_HOME", "")
    if Path(xdg).is_absolute():
        return Path(xdg) / "ratecard"
    try:
        home = Path.home()
    except RuntimeError as error:
        raise RatecardError("there is no home folder to keep data in; set RATECARD_DATA_DIR") from error
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "ratecard"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "ratecard"
    return home / ".local" / "share" / "ratecard"


class Settings(BaseSettings):
    """The settings of one run. Every key can stand in the TOML file; `RATECARD_KEY` in the environment wins over it.

    `db` is a database URL; `archive` the folder of captured bytes, where it is set; `contact` an address or mailbox
    that is named to the sites we fetch from. Limits of one fetch: `deadline` in seconds for everything, `max_body` in
    decompressed bytes, `max_redirects` in hops.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    data_dir: Folder = Field(default_factory=_user_data_dir)
    db: str = Field(
        default_factory=lambda known: f"sqlite:///{(known['data_dir'] / 'ratecard.db').as_posix()}", min_length=1
    )
    archive: Folder | None = None
    contact: HeaderText = ""
    user_agent: HeaderText = Field(
        default_factory=lambda known: (
            f"ratecard/{__version__}" + (f" (+{known['contact']})" if known["contact"] else "")
        )
    )
    deadline: float = Field(default=60.0, gt=0, le=3600, allow_inf_nan=False)
    max_body: int = Field(default=32 * 1024 * 1024, gt=0)
    max_redirects: int = Field(default=5, ge=0, le=20)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, then the environment, then the TOML file; no `.env` and no secrets folder."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, _from_file())

    def archive_for(self, db_url: str) -> Path:
        """Return the archive's folder for a database: the configured one, else the one that belongs to the database.

        A SQLite file `X.db` has `X.archive` beside it; any other database has `archive` in the data folder.
        """
        if self.archive is not None:
            return self.archive
        scheme, _, rest = db_url.partition("://")
        file = rest.partition("?")[0].removeprefix("/")
        if scheme.partition("+")[0] == "sqlite" and file and file != ":memory:":
            return Path(file).parent / f"{Path(file).stem}.archive"
        return self.data_dir / "archive"


def load_settings(db: str | None = None) -> Settings:
    """Read the settings; a database URL given here wins. Raises `RatecardError` naming the file and the key."""
    try:
        return Settings() if db is None else Settings(db=db)
    except ValidationError as error:
        problems = [
            _sentence(problem["type"], str(problem["loc"][0]), problem["msg"], db) for problem in error.errors()
        ]
        raise RatecardError("; ".join(problems)) from error


def _sentence(kind: str, key: str, message: str, db: str | None) -> str:
    variable = f"{PREFIX}{key.upper()}"
    if key == "db" and db is not None:
        return f"--db: {message}"
    if os.environ.get(variable):
        return f"the environment variable {variable} is not usable: {message}"
    file = os.environ.get(CONFIG_VARIABLE, "")
    if kind == "extra_forbidden":
        return f"{file}: there is no key {key!r}; the keys are {', '.join(sorted(Settings.model_fields))}"
    return f"{file}: the key {key!r} is not usable: {message}"


def _from_file() -> dict[str, Any]:
    name = os.environ.get(CONFIG_VARIABLE)
    if not name:
        return {}
    try:
        with Path(name).open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise RatecardError(
            f"the settings file {name} cannot be read ({error.strerror or error}); correct or unset {CONFIG_VARIABLE}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RatecardError(f"the settings file {name} is not TOML: {error}") from error
