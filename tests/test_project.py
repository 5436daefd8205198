"""The checkout as a whole: nothing private in it, and every part has its counterparts."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import scraper
from scraper import providers

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Written so that no pattern matches its own source.
PRIVATE = {
    "a path of one machine": re.compile(r"(?<![\w.~})-])/(?:work|root|home)/"),
    "the host of a package registry": re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs\.|deb\.debian\.org"),
    "a secret": re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE[ ]KEY"
        r"|\b(?:sk-(?:proj-|ant-|or-)?[A-Za-z0-9_]{24,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}"
        r"|gh[pousr]_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,}|xox[abprs]-[\w-]{10,})"
    ),
}


def project_files() -> Iterator[Path]:
    """Every file that is or may become part of the project: all but git's own and what .gitignore names."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [".git", *(line.rstrip("/") for line in lines if line)]

    def kept(names: list[str]) -> list[str]:
        return [name for name in names if not any(fnmatch(name, pattern) for pattern in ignored)]

    for folder, folders, files in os.walk(ROOT):
        folders[:] = kept(folders)
        yield from (Path(folder, name) for name in kept(files))


@pytest.mark.parametrize("what", PRIVATE)
def test_no_file_holds_anything_private(what: str) -> None:
    files = list(project_files())
    assert ROOT / "pyproject.toml" in files
    assert Path(__file__) in files
    texts = ((file, file.read_text(encoding="utf-8", errors="replace")) for file in files)
    found = [f"{file.relative_to(ROOT)}: {hit[0]}" for file, text in texts for hit in PRIVATE[what].finditer(text)]
    assert not found, f"{what}: {found}"


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of one machine", "see /{}/main".format("work")),
        ("the host of a package registry", "https://{}.org/simple".format("pypi")),
        ("a secret", "key = sk-{}".format("a1B2" * 8)),
    ],
)
def test_what_is_private_is_recognised(what: str, text: str) -> None:
    assert PRIVATE[what].search(text)


def test_there_are_providers() -> None:
    assert providers.names()


@pytest.mark.parametrize("provider", providers.every())
def test_a_provider_has_sources_facts_and_fixtures(provider: str) -> None:
    assert providers.sources(provider)
    assert providers.facts(provider)
    assert (ROOT / "fixtures" / provider / "MANIFEST.csv").is_file()


def test_no_facts_or_fixtures_without_their_provider() -> None:
    facts = {file.stem.replace("_", "-") for file in (ROOT / "scraper" / "providers").rglob("*.toml")}
    fixtures = {file.parent.name for file in (ROOT / "fixtures").glob("*/MANIFEST.csv")}
    assert facts == fixtures == set(providers.every())


def test_the_version_is_said_once() -> None:
    assert PROJECT["version"] == scraper.__version__


def test_every_dependency_is_locked_with_its_hashes() -> None:
    locked = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    names = set(re.findall(r"^([\w-]+)==\S+ .*\\\n    --hash=sha256:", locked, re.MULTILINE))
    wanted = {re.split(r"[^\w.-]", line)[0].replace(".", "-").lower() for line in PROJECT["dependencies"]}
    assert wanted
    assert not wanted - names, "run 'make lock'"
