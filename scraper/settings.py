"""Configuration: environment variables `RATECARD_…`, then the TOML file that `RATECARD_CONFIG` names, then defaults."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, PlainValidator, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from scraper import __version__
from scraper.errors import RatecardError
from scraper.places import PREFIX, database_in, user_data_dir

CONFIG_VARIABLE: Final = "RATECARD_CONFIG"


def _header_text(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError("must be printable ASCII, because it is sent as a header")
    return text.strip()


def _header_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
        raise ValueError(f"{name!r} is not the name of a header")
    if name.lower() in _OWN_HEADERS:
        raise ValueError(f"the header {name} is ours to send")
    return name


def _key_place(place: str) -> str:
    if not re.fullmatch(r"(?:[A-Za-z]+ )?[A-Za-z_][A-Za-z0-9_]*", place):
        raise ValueError("must name an environment variable, such as API_KEY or Bearer API_KEY")
    return place


def _proxy_address(secret: SecretStr) -> SecretStr:
    if not re.match(r"https?://[^/\s]+", secret.get_secret_value()):
        raise ValueError("must be an http or https address")
    return secret


def _web_address(address: str) -> str:
    if not re.match(r"https?://[^/\s]+", address):
        raise ValueError("must be an http or https address")
    return address


def _copy_address(template: str) -> str:
    if "{timestamp}" not in template or "{url}" not in template:
        raise ValueError("must have {timestamp} and {url} in it")
    return _web_address(template)


def _archive_place(place: object) -> Path | str:
    if not isinstance(place, str | Path):
        raise ValueError("must be a folder, or an address like s3://BUCKET/PREFIX")  # noqa: TRY004  pydantic tells this
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(place)):
        if not re.fullmatch(r"s3://[^/?#\s]+(?:/[^?#\s]*)?", str(place)):
            raise ValueError("must be a folder, or an address like s3://BUCKET/PREFIX")
        return str(place)
    return Path(place).expanduser()


_OWN_HEADERS: Final = (
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "host",
    "if-modified-since",
    "if-none-match",
    "range",
    "transfer-encoding",
    "user-agent",
)

HeaderText = Annotated[str, AfterValidator(_header_text)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HostName = Annotated[str, AfterValidator(str.lower)]
KeyPlace = Annotated[str, AfterValidator(_key_place)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
CopyAddress = Annotated[str, AfterValidator(_copy_address)]
Folder = Annotated[Path, AfterValidator(Path.expanduser)]
KeyHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ArchivePlace = Annotated[Path | str, PlainValidator(_archive_place)]


class Settings(BaseSettings):
    """The settings of one run. Every key can stand in the TOML file; `RATECARD_KEY` in the environment wins over it.

    `db` is a database URL; `archive` the folder of captured bytes, where it is set, or an address like
    `s3://BUCKET/PREFIX`, with `s3_endpoint` for a server that is not Amazon's; `contact` an address or mailbox that is
    named to the sites we fetch from. Limits of one fetch: `deadline` in seconds for everything, `max_body` in
    decompressed bytes, `max_redirects` in hops. Limits of one reading: `read_seconds`, and `read_memory` in bytes of
    the address space of the process that reads.

    Manners, in seconds: `pace` between two requests to one host, `max_crawl_delay` as much of it as a robots.txt may
    ask for, `retry_wait` as long as a fetch waits to try again (up to `retries` times), `retry_later` as long as a host
    may ask to be left alone. `concurrency` counts requests at one time, `host_concurrency` those to one host.

    `allow_private_hosts` are hosts (without ports) that may have other than public addresses. `proxy` is the address of
    an HTTP proxy, `headers` are sent with every request. `keys` has for a host (with its port where that is not the
    usual one) the headers that it alone is sent, each with the environment variable that holds the secret:
    `{"api.example.com": {"Authorization": "Bearer EXAMPLE_KEY"}}`.

    `cdx_url` is the CDX index of a web archive, `copy_url` the address of one of its copies, with `{timestamp}` and
    `{url}` in it.

    `chromium` is the program that shows pages which only a browser can read; without it, a Chromium on the path.

    The read API (`ratecard serve`) answers at `serve`. With `api_keys`, SHA-256 hashes of keys (hex), only who sends
    one of the keys is answered; `api_rate` is how many requests a minute one client may make, 0 for any number.

    With `hold_release`, what is held for a review is let through without one where a guard allows it and later captures
    say the same; without it, only a person does that.

    `schedules` is a folder of TOML files, the bundled one where it is not set. The daemon looks every `tick_seconds`
    for what is due, answers health and metrics at `listen`, and ends within `grace_seconds` when it is told to; a
    source is taken for `lease_seconds` at a time. With `queue` it puts what is due into a queue in its
    PostgreSQL database, for workers, and refreshes nothing.

    `alerts` is the TOML file that says who is told what (`docs/alerts.md`); without it nobody is. `site_url` is where
    the published site is, for the links in alerts and feeds.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    data_dir: Folder = Field(default_factory=user_data_dir)
    db: str = Field(default_factory=lambda known: database_in(known["data_dir"]), min_length=1)
    archive: ArchivePlace | None = None
    s3_endpoint: WebAddress | None = None
    contact: HeaderText = ""
    user_agent: HeaderText = Field(
        default_factory=lambda known: (
            f"ratecard/{__version__}" + (f" (+{known['contact']})" if known["contact"] else "")
        )
    )
    deadline: float = Field(default=60.0, gt=0, le=3600, allow_inf_nan=False)
    max_body: int = Field(default=32 * 1024 * 1024, gt=0)
    max_redirects: int = Field(default=5, ge=0, le=20)
    pace: float = Field(default=1.0, ge=0, le=3600, allow_inf_nan=False)
    max_crawl_delay: float = Field(default=30.0, ge=0, le=3600, allow_inf_nan=False)
    retries: int = Field(default=2, ge=0, le=10)
    retry_wait: float = Field(default=30.0, gt=0, le=3600, allow_inf_nan=False)
    retry_later: float = Field(default=7 * 86400.0, ge=0, le=30 * 86400, allow_inf_nan=False)
    concurrency: int = Field(default=16, ge=1, le=256)
    host_concurrency: int = Field(default=1, ge=1, le=16)
    allow_private_hosts: frozenset[HostName] = frozenset()
    proxy: Annotated[SecretStr, AfterValidator(_proxy_address)] | None = None
    headers: dict[HeaderName, HeaderText] = Field(default_factory=dict)
    keys: dict[HostName, dict[HeaderName, KeyPlace]] = Field(default_factory=dict)
    cdx_url: WebAddress = "https://web.archive.org/cdx/search/cdx"
    copy_url: CopyAddress = "https://web.archive.org/web/{timestamp}id_/{url}"
    site_url: WebAddress | None = None
    hold_release: bool = True
    schedules: Folder | None = None
    listen: str = "127.0.0.1:9464"
    tick_seconds: float = Field(default=30.0, gt=0, le=3600, allow_inf_nan=False)
    lease_seconds: float = Field(default=300.0, ge=1, le=3600, allow_inf_nan=False)
    grace_seconds: float = Field(default=20.0, ge=0, le=3600, allow_inf_nan=False)
    queue: bool = False
    serve: str = "127.0.0.1:8080"
    api_keys: frozenset[KeyHash] = frozenset()
    api_rate: int = Field(default=0, ge=0, le=1_000_000)
    log_format: Literal["auto", "json", "console"] = "auto"
    alerts: Folder | None = None
    read_seconds: float = Field(default=10.0, gt=0, le=3600, allow_inf_nan=False)
    read_memory: int = Field(default=2 * 1024**3, ge=256 * 1024**2)
    chromium: Folder | None = None

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

    def archive_for(self, db_url: str) -> Path | str:
        """Return the archive's folder or address: the configured one, else the folder that belongs to a database.

        A SQLite file `X.db` has `X.archive` beside it; any other database has `archive` in the data folder.
        """
        if self.archive is not None:
            return self.archive
        scheme, _, rest = db_url.partition("://")
        file = rest.partition("?")[0].removeprefix("/")
        if scheme.partition("+")[0] == "sqlite" and file and file != ":memory:":
            return Path(file).parent / f"{Path(file).stem}.archive"
        return self.data_dir / "archive"

    def with_keys(self, keys: Mapping[str, Mapping[str, str]]) -> Settings:
        """Return the settings with the keys that sources declare for their hosts; those set by hand win."""
        return self.model_copy(update={"keys": {**keys, **self.keys}})


def load_settings(db: str | None = None) -> Settings:
    """Read the settings; a database URL given here wins. Raises `RatecardError` naming the file and the key."""
    try:
        return Settings() if db is None else Settings(db=db)
    except ValidationError as error:
        problems = [
            _sentence(problem["type"], str(problem["loc"][0]), problem["msg"], db) for problem in error.errors()
        ]
        raise RatecardError("; ".join(problems)) from error
    except SettingsError as error:
        key = next((key for key in Settings.model_fields if f'"{key}"' in str(error)), "")
        raise RatecardError(f"the environment variable {PREFIX}{key.upper()} is not usable: must be JSON") from error


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
