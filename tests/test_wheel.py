"""The wheel, installed where there is no checkout: it brings all that the command needs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import scraper

ROOT = Path(__file__).resolve().parents[1]
BUNDLED = ("migrations", "schedules", "fixtures")

# One worker builds and installs it once; on a busy machine that takes its time.
pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.timeout(400)]


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command that has to succeed; return what it printed."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bin folder of an environment that has the locked requirements, the wheel and nothing else."""
    home = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", home / "venv", cwd=home)
    python = home / "venv" / "bin" / "python"
    requirements = ("install", "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt")
    uv = (sys.executable, ROOT / "tools" / "uv.py", "pip", *requirements, "--python", python)
    pip = (sys.executable, "-m", "pip", "--python", python)
    # What setting up has downloaded is not downloaded again; the rest is for where that is gone, or uv is of no use.
    if not any(subprocess.run(way, cwd=home, check=False).returncode == 0 for way in ((*uv, "--offline"), uv)):
        run(*pip, *requirements, cwd=home)
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=home)
    return python.parent


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which nothing points at the checkout, a home folder of this machine or its settings."""
    return {"PATH": os.defpath, "HOME": str(tmp_path), "LANG": "C.UTF-8", "COLUMNS": "100"}


def test_the_wheel_holds_code_and_bundled_folders(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"scraper/cli/root.py", "scraper/resources.py"} <= names
    assert {f"scraper/publish/site/{part}" for part in ("templates/offer.html", "assets/site.css")} <= names
    for folder in BUNDLED:
        files = {
            file.relative_to(ROOT).as_posix()
            for file in (ROOT / folder).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        assert files, f"the checkout has no files in {folder}/"
        assert not {f"scraper/_bundled/{file}" for file in files} - names
    assert not [name for name in names if name.startswith("tests/") or name.endswith(".pyc")]


def test_the_installed_package_is_the_wheels(installed: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    code = (
        "import scraper, scraper.resources as r; from pathlib import Path\n"
        f"print(scraper.__version__, *{{Path(p).parents[1] for p in [r.folder(n) for n in {BUNDLED}]}})"
    )
    version, *places = run(installed / "python", "-c", code, cwd=tmp_path, env=elsewhere).split()
    assert version == scraper.__version__
    assert len(places) == 1
    assert Path(places[0]).is_relative_to(installed.parent)


def test_the_installed_command_says_what_it_can(installed: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    said = run(installed / "ratecard", "--help", cwd=tmp_path, env=elsewhere)
    assert "refresh" in said
    assert "explain" in said


def test_the_installed_command_runs_its_demo(installed: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    assert run(installed / "ratecard", "demo", cwd=tmp_path, env=elsewhere).strip()
