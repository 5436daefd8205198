"""Bodies: too big, cut off, or not what they say they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from tests.fetching import client, failed, ok
from tests.hostile import (
    MIB,
    Answerer,
    double_gzip_bomb,
    gzip_bomb,
    head,
    hostile,
    many_headers,
    page,
    zeros,
    zstd_bomb,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GIB = 1 << 30

BOMBS: dict[str, tuple[Callable[[], Answerer], str]] = {
    "gzip": (lambda: gzip_bomb(GIB), "too_large"),
    "gzip twice": (lambda: double_gzip_bomb(GIB), "broken"),
    "zstd": (lambda: zstd_bomb(256 * MIB, zstd.compress), "broken"),
    "zeros": (lambda: zeros(GIB, declared=True), "too_large"),
    "zeros in chunks": (lambda: zeros(GIB, declared=False), "too_large"),
    "headers": (lambda: many_headers(64 * MIB), "broken"),
}

CHILD = """
    import json, resource, sys
    from tests.fetching import client, failed, ok
    run = client(max_body=32 << 20, deadline=30)
    ok(run.fetch([sys.argv[1]]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kind = failed(run.fetch([sys.argv[2]])).kind
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps([kind, grown // (1024 if sys.platform == "linux" else 1024 * 1024)]))
"""


@pytest.mark.parametrize("bomb", BOMBS)
def test_f04_a_bomb_is_refused_with_little_memory(bomb: str) -> None:
    make, kind = BOMBS[bomb]
    with hostile({"/": page(), "/bomb": make()}) as server:
        done = subprocess.run(
            # A process begins with the peak of the one that started it, which must be a small one.
            [
                "sh",
                "-c",
                '"$@"; exit $?',
                "sh",
                sys.executable,
                "-c",
                textwrap.dedent(CHILD),
                server.url("/"),
                server.url("/bomb"),
            ],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    said, mebibytes = json.loads(done.stdout)
    assert said == kind
    print(f"{bomb}: {said}, {mebibytes} MB more")
    assert mebibytes < 64


def test_f04_a_body_of_a_length_above_the_limit_is_not_even_begun() -> None:
    def never(_: object) -> list[bytes]:
        return [head(Content_Length=1000)]

    with hostile({"/": never}) as server:
        assert failed(client(max_body=999).fetch([server.url("/")])).kind == "too_large"


def test_f04_headers_have_a_limit_too() -> None:
    with hostile({"/": page(X_Pad="x" * 70_000), "/ok": page(X_Pad="x" * 10_000)}) as server:
        assert failed(client().fetch([server.url("/")])).kind == "too_large"
        ok(client().fetch([server.url("/ok")]))


def test_f05_a_body_that_is_cut_off_is_not_asked_for_again_and_not_kept() -> None:
    with hostile({"/": lambda _: (head(Content_Length=100), b"half")}) as server:
        answer = failed(client().fetch([server.url("/")]))
        assert answer.kind == "broken"
        assert "broke off" in answer.message
        assert server.paths() == ["/"]
