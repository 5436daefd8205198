"""Provider modules describe their pages: what two of them share is declared once in `scraper.extract`."""

from __future__ import annotations

import ast
import pkgutil
import re
from itertools import combinations
from pathlib import Path
from statistics import median

import pytest

from scraper import extract, providers

RUN = 6
"""So many equal lines of logic in a row are one thing written twice."""
MODULES = {
    file.name: file.read_text(encoding="utf-8")
    for file in sorted(Path(providers.__file__ or "").parent.glob("*.py"))
    if file.name != "__init__.py"
}

Line = tuple[int, str]


def logic(source: str) -> list[Line]:
    """The lines that say something, with their numbers: no imports, docstrings, comments and closing brackets."""
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        is_code = isinstance(node, ast.Expr) and not isinstance(getattr(node.value, "value", None), str)
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr) and not is_code:
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = []
    for number, line in enumerate(source.splitlines(), 1):
        said = " ".join(re.sub(r"(?:^|\s+)#.*$", "", line).split())
        if number not in left_out and not re.fullmatch(r"[])},;:]*", said):
            lines.append((number, said))
    return lines


def shared(one: list[Line], other: list[Line]) -> list[tuple[int, int]]:
    """Where a run of equal lines begins in both modules: the numbers of its first lines."""
    runs = {tuple(said for _, said in other[at : at + RUN]): at for at in range(len(other) - RUN + 1)}
    found = []
    for at in range(len(one) - RUN + 1):
        there = runs.get(tuple(said for _, said in one[at : at + RUN]))
        if there is not None:
            found.append((one[at][0], other[there][0]))
    return found


def test_no_two_providers_share_six_lines_of_logic() -> None:
    assert len(MODULES) == len(providers.names())
    lines = {name: logic(source) for name, source in MODULES.items()}
    runs = [
        f"{one}:{first} and {other}:{second}"
        for one, other in combinations(lines, 2)
        for first, second in shared(lines[one], lines[other])
    ]
    assert runs == [], f"{RUN} equal lines; what they share belongs into scraper/extract"


@pytest.mark.parametrize("layout", ["{}", "# said otherwise\n\n{}", '"""Other words."""\n\nimport re\n\n{}'])
def test_a_run_is_found_however_it_is_laid_out(layout: str) -> None:
    run = "\n".join(f"x{number} = [{number},  {number}]  # why" for number in range(RUN))
    [(first, _)] = shared(logic(layout.format(run)), logic(run.replace("  #", " #")))
    assert layout.format(run).splitlines()[first - 1].startswith("x0")
    assert not shared(logic(run), logic(run.replace("x3", "x4")))


def test_a_provider_module_is_short() -> None:
    assert median(len(source.splitlines()) for source in MODULES.values()) <= 80


@pytest.mark.parametrize(
    ("host", "variable"),
    [
        ("api.ai21.com", "AI21_API_KEY"),
        ("api.fireworks.ai", "FIREWORKS_API_KEY"),
        ("api.groq.com", "GROQ_API_KEY"),
        ("api.mistral.ai", "MISTRAL_API_KEY"),
        ("api.openai.com", "OPENAI_API_KEY"),
        ("api.x.ai", "XAI_API_KEY"),
    ],
)
def test_what_answers_only_callers_with_a_key_is_asked_with_it(host: str, variable: str) -> None:
    assert providers.keys([*providers.names()])[host] == {"Authorization": f"Bearer {variable}"}


@pytest.mark.parametrize("provider", providers.names())
def test_a_source_is_asked_with_the_key_that_the_provider_is_called_with(provider: str) -> None:
    for header in providers.keys([provider]).values():
        assert [said.split()[-1] for said in header.values()] == [providers.facts(provider)["key_variable"]]


def test_extract_says_what_is_where() -> None:
    modules = {found.name for found in pkgutil.iter_modules(extract.__path__)}
    assert modules <= set(re.findall(r"\w+", extract.__doc__ or ""))
