"""Adding a provider: the three places are written, and what is written runs."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scraper import authoring
from scraper.authoring import check_slug, keep_capture, new_provider
from scraper.errors import RatecardError
from scraper.fetch.capture import Fetched, fetched
from scraper.fetch.replay import COLUMNS, captured_files
from tests.hostile import hostile, page
from tests.readings import ROOT

PAGE = b"""<html><body><h1>Pricing</h1><p>Prices in USD per 1M tokens</p>
<table><tr><th>Model</th><th>Input</th><th>Output</th></tr>
<tr><td>acme-large</td><td>$2.00</td><td>$8.00</td></tr>
<tr><td>acme-small</td><td>$0.10</td><td>$0.40</td></tr></table></body></html>"""
FEED = b"""{"data": [{"id": "acme-large", "pricing": {"prompt": "0.000002"}, "context_length": 131072}]}"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    where = tmp_path / "checkout"
    # With what is compiled of it: it keeps its times, so that the copy need not be compiled again.
    shutil.copytree(ROOT / "scraper", where / "scraper")
    for name in ("migrations", "schedules"):
        shutil.copytree(ROOT / name, where / name)
    (where / "fixtures").mkdir()
    shutil.copy(ROOT / "pyproject.toml", where)
    return where


def ratecard(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(checkout), "RATECARD_DB": f"sqlite:///{checkout}/ratecard.db"}
    environ["RATECARD_ALLOW_PRIVATE_HOSTS"] = '["127.0.0.1"]'
    command = [sys.executable, "-m", "scraper.cli", *words]
    return subprocess.run(command, cwd=checkout, env=environ, capture_output=True, text=True, check=False)


def test_a_new_provider_gets_its_three_places_and_reads_its_page(checkout: Path) -> None:
    with hostile({"/docs/pricing": page(PAGE, Content_Type="text/html")}) as server:
        made = ratecard(checkout, "new-provider", "acme-cloud", server.url("/docs/pricing"))
    assert (made.returncode, made.stderr) == (0, "")
    assert "ratecard try acme-cloud" in made.stdout
    module = (checkout / "scraper" / "providers" / "acme_cloud.py").read_text()
    assert "table[1]" in module
    assert "Model | Input | Output" in module
    assert "[contract.pricing]" in (checkout / "scraper" / "providers" / "acme_cloud.toml").read_text()
    read = ratecard(checkout, "refresh", "acme-cloud", "--replay", str(checkout / "fixtures"))
    assert "acme-cloud pricing: 2 offers, 4 values" in read.stderr
    again = ratecard(checkout, "new-provider", "acme-cloud", "https://acme.test/pricing")
    assert (again.returncode, "There is a provider acme-cloud already" in again.stderr) == (2, True)


def test_a_new_feed_is_described_by_the_paths_of_its_rows(checkout: Path) -> None:
    with hostile({"/v1/models": page(FEED, Content_Type="application/json")}) as server:
        made = ratecard(checkout, "new-provider", "acme", server.url("/v1/models"))
    assert (made.returncode, made.stderr) == (0, "")
    module = (checkout / "scraper" / "providers" / "acme.py").read_text()
    assert "# pricing/prompt: 0.000002" in module
    assert 'rows="/data"' in module
    read = ratecard(checkout, "refresh", "acme", "--replay", str(checkout / "fixtures"))
    # It runs, and has nothing to tell before its author has said what the paths mean.
    assert "acme models: failed: the reading has no offers" in read.stderr


def test_a_capture_is_kept_where_a_replay_finds_it(checkout: Path) -> None:
    with hostile({"/pricing": page(PAGE, Content_Type="text/html")}) as server:
        url = server.url("/pricing")
        kept = ratecard(checkout, "capture", url, "--name", "pricing")
    assert (kept.returncode, kept.stderr) == (0, "")
    (file,) = (checkout / "captures").glob("pricing.*.html")
    assert file.read_bytes() == PAGE
    manifest = (checkout / "captures" / "MANIFEST.csv").read_text().splitlines()
    assert manifest[1].startswith(url)


def test_the_command_refuses_a_name_that_is_no_slug(checkout: Path) -> None:
    made = ratecard(checkout, "new-provider", "../acme", "https://acme.example/pricing")
    assert (made.returncode, "is not a provider's name" in made.stderr) == (2, True)


CAPTURED = datetime(2026, 11, 24, 10, tzinfo=UTC)


def answer_of(body: bytes, content_type: str, url: str = "https://acme.test/v1/models") -> Fetched:
    return fetched(body, url=url, captured_at=CAPTURED, content_type=content_type)


def test_what_a_feed_says_never_becomes_code_of_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authoring, "_MODULES", tmp_path)
    monkeypatch.setattr(authoring, "folder", tmp_path.joinpath)
    words = "Our best.\nimport os\u2028raise SystemExit"
    feed = {'our "best"/list': [{"id": "acme-large", "description": words, "in\nit": "x", "pricing": {"prompt": "1"}}]}
    made = new_provider("acme", answer_of(json.dumps(feed).encode(), "application/json"))
    module = made.module.read_text(encoding="utf-8")
    assert "# description: Our best. import os raise SystemExit\n" in module
    assert "# in it: x\n" in module
    tree = ast.parse(module)
    assert {type(node) for node in tree.body} <= {ast.Expr, ast.ImportFrom, ast.Assign, ast.FunctionDef}
    (rows,) = (one.value for one in ast.walk(tree) if isinstance(one, ast.keyword) and one.arg == "rows")
    assert ast.literal_eval(rows) == '/our "best"~1list'


def test_a_capture_never_takes_the_place_of_another(tmp_path: Path) -> None:
    one, other = answer_of(PAGE, "text/html"), answer_of(PAGE + b"<!-- b -->", "text/html", "https://acme.test/b")
    assert keep_capture(tmp_path, "page", one, "html").name == "page.2026-11-24.html"
    assert keep_capture(tmp_path, "page", other, "html").name == "page.2026-11-24-2.html"
    assert keep_capture(tmp_path, "page", one, "html").name == "page.2026-11-24.html"
    found = {file.url: file.read() for file in captured_files(tmp_path)}
    assert found == {"https://acme.test/v1/models": one.body, "https://acme.test/b": other.body}


def test_a_row_stands_in_the_columns_that_a_manifest_has(tmp_path: Path) -> None:
    manifest = tmp_path / "MANIFEST.csv"
    manifest.write_text("provider,file,url,captured_on,content_type,rendered\n", encoding="utf-8")
    file = keep_capture(tmp_path, "page", answer_of(PAGE, "text/html"), "html")
    assert manifest.read_text(encoding="utf-8").splitlines()[1:] == [
        f",{file.name},https://acme.test/v1/models,2026-11-24,text/html,"
    ]
    (kept,) = captured_files(tmp_path)
    assert kept.read() == PAGE


@pytest.mark.parametrize("name", ["a/page", "../page", ""])
def test_a_capture_is_kept_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(RatecardError, match="is no name of a file"):
        keep_capture(tmp_path / "captures", name, answer_of(PAGE, "text/html"), "html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ("url,file\n", "lacks the column captured_on, content_type"),
        (",".join(COLUMNS), "does not end with a whole line"),
    ],
)
def test_a_manifest_that_a_row_does_not_fit_into_is_left_alone(tmp_path: Path, manifest: str, problem: str) -> None:
    (tmp_path / "MANIFEST.csv").write_text(manifest, encoding="utf-8")
    with pytest.raises(RatecardError, match=problem):
        keep_capture(tmp_path, "page", answer_of(PAGE, "text/html"), "html")
    assert [file.name for file in tmp_path.iterdir()] == ["MANIFEST.csv"]


@pytest.mark.parametrize("name", ["Acme", "acme cloud", "../acme", ""])
def test_a_name_that_is_no_slug_is_refused(name: str) -> None:
    with pytest.raises(RatecardError, match="is not a provider's name"):
        check_slug(name)


def test_trying_shows_offers_guards_and_what_was_not_understood_and_writes_nothing(checkout: Path) -> None:
    odd = PAGE.replace(b"<th>Output</th>", b"<th>Output</th><th>Moon phase</th>").replace(
        b"</td></tr>", b"</td><td>$9</td></tr>"
    )
    with hostile({"/docs/pricing": page(odd, Content_Type="text/html")}) as server:
        ratecard(checkout, "new-provider", "acme", server.url("/docs/pricing"))
        tried = ratecard(checkout, "try", "acme")
        live = ratecard(checkout, "try", "acme", "--live")
    assert (tried.returncode, live.returncode) == (0, 0)
    for told in (tried.stdout, live.stdout):
        assert "acme-large" in told
        assert "$8.00 / 1M tokens" in told
        assert "unknown heading  the heading 'Moon phase' is not known" in told
        assert "guards pass" in told
    assert "No changes" in ratecard(checkout, "diff").stdout
    none = ratecard(checkout, "try", "acme", "--source", "nothing")
    assert (none.returncode, "acme has no source 'nothing'" in none.stderr) == (2, True)


NEXT_TO = b"""<h2>Embeddings</h2><p>Prices per 1K tokens, USD.</p>
<table><tr><th>Model</th><th>Input</th></tr><tr><td>acme-embed</td><td>$0.0001</td></tr></table>
<h2>Bare</h2><p>Prices per 1M tokens, USD.</p>
<table><tr><th>Model</th><th>Input</th></tr><tr><td>acme-bare</td><td>1.80</td></tr></table></body>"""


@pytest.fixture
def begun(checkout: Path) -> Path:
    """A checkout in which a provider `acme` was begun."""
    whole = PAGE.replace(b"</body>", NEXT_TO)
    with hostile({"/docs/pricing": page(whole, Content_Type="text/html")}) as server:
        made = ratecard(checkout, "new-provider", "acme", server.url("/docs/pricing"))
    assert (made.returncode, made.stderr) == (0, "")
    return checkout


def test_a_new_module_reads_each_table_in_the_unit_that_is_named_above_it(begun: Path) -> None:
    tried = ratecard(begun, "try", "acme", "--all")
    assert tried.returncode == 0, tried
    lines = [" ".join(line.split()) for line in tried.stdout.splitlines()]
    assert "acme-embed input $0.10 / 1M tokens $0.0001 table[2]/row[2]/cell[2]" in lines
    assert any(line.startswith("acme-large input $2.00 / 1M tokens") for line in lines)


def test_a_table_of_bare_numbers_is_not_passed_over_in_silence(begun: Path) -> None:
    said = "a table has prices in Input without a sign of money that is known; it is not read"
    assert f"# table[3]: {said}" in (begun / "scraper" / "providers" / "acme.py").read_text()
    tried = ratecard(begun, "try", "acme")
    assert f"unreadable  {said}" in tried.stdout
    assert "acme-bare" not in tried.stdout


def test_trying_says_what_is_stated_and_not_declared(begun: Path) -> None:
    module = begun / "scraper" / "providers" / "acme.py"
    module.write_text(module.read_text().replace('{"input", "output"}', '{"input"}'))
    tried = ratecard(begun, "try", "acme")
    assert "stated, though `publishes` of the source does not name it: output" in tried.stdout


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        (
            "acme.py",
            "import annotations\n",
            "import annotations\n\nimport scraper.nothing\n",
            "acme.py, line 5: No module named 'scraper.nothing'.",
        ),
        ("acme.py", "SOURCES = (", "SOURCES = ((", "acme.py, line "),
        (
            "acme.py",
            '"input", "output"',
            '"imput", "output"',
            "'imput' is not a meter; the meters are listed in scraper/",
        ),
        ("acme.toml", 'name = "Acme"', 'name = "Acme', "scraper/providers/acme.toml is no TOML: "),
        (
            "acme.toml",
            "[contract.pricing]",
            "[contract.prices]",
            "acme.toml has a contract for 'prices', which is no source; the sources are pricing.",
        ),
    ],
)
def test_a_mistake_of_an_author_is_told_with_its_place(
    begun: Path, file: str, before: str, after: str, said: str
) -> None:
    written = begun / "scraper" / "providers" / file
    text = written.read_text()
    assert before in text
    written.write_text(text.replace(before, after))
    tried = ratecard(begun, "try", "acme")
    assert (tried.returncode, "defect" in tried.stderr) == (2, False)
    assert said in tried.stderr
