"""The archive in a bucket: the same promises as in a folder, against a server that speaks S3."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scraper.errors import RatecardError
from scraper.fetch.archive import Archive, ArchiveError, open_archive
from scraper.settings import load_settings
from tests.captures import Command
from tests.processes import finished, start
from tests.readings import FIXTURES
from tests.s3_server import Bucket, s3_server

BODY = b"<html>Input $2.50 / 1M tokens</html>" * 100
ADDRESS = "s3://captures/rates/2026"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with s3_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def archive(bucket: Bucket) -> Archive:
    return open_archive(ADDRESS, bucket.endpoint)


def key(sha: str) -> str:
    return f"rates/2026/{sha[:2]}/{sha[2:4]}/{sha}.zst"


def test_gives_back_what_was_put_and_keeps_it_once(bucket: Bucket, archive: Archive) -> None:
    shas = [archive.put(body) for body in (BODY, b"", b"other", BODY)]
    assert [archive.get(sha) for sha in shas] == [BODY, b"", b"other", BODY]
    assert set(bucket.kept) == {key(sha) for sha in shas}
    assert sum(asked.startswith("PUT") for asked in bucket.asked) == 3
    assert len(bucket.kept[key(shas[0])]) < len(BODY)
    assert archive.shown == ADDRESS


def test_two_machines_and_an_address_with_a_slash_at_its_end_mean_the_same(bucket: Bucket, archive: Archive) -> None:
    sha = archive.put(BODY)
    assert open_archive(f"{ADDRESS}/", bucket.endpoint).get(sha) == BODY
    assert open_archive("s3://captures", bucket.endpoint).put(BODY) == sha
    assert set(bucket.kept) == {key(sha), key(sha).removeprefix("rates/2026/")}


def test_all_are_listed_however_many_answers_that_takes(bucket: Bucket, archive: Archive) -> None:
    bucket.page = 3
    kept = sorted(archive.put(bytes([number])) for number in range(10))
    bucket.kept["elsewhere/readme"] = b""
    assert list(archive.hashes()) == kept
    assert list(archive.check()) == []


def test_f32_broken_and_foreign_files_are_told_of_and_never_given_out(bucket: Bucket, archive: Archive) -> None:
    broken, emptied, mixed_up, lost = (archive.put(body) for body in (b"1", b"2", b"3", b"4"))
    bucket.kept[key(broken)] = b"not zstd"
    bucket.kept[key(emptied)] = b""
    bucket.kept[key(mixed_up)] = bucket.kept[key(lost)]
    bucket.kept["rates/2026/notes.txt"] = b"hello"
    del bucket.kept[key(lost)]
    for sha, said in ((broken, "cannot be decompressed"), (emptied, "is empty"), (mixed_up, "holds other bytes")):
        with pytest.raises(ArchiveError, match=f"{sha}.*{ADDRESS}/{sha[:2]}/.*{said}; restore the file"):
            archive.get(sha)
    with pytest.raises(ArchiveError, match=f"{lost} is not in the archive"):
        archive.get(lost)
    problems = list(archive.check())
    assert len(problems) == 4
    assert f"{ADDRESS}/notes.txt does not belong in the archive; move it away" in problems
    assert [archive.put(body) for body in (b"1", b"2", b"3")] == [broken, emptied, mixed_up], "the bytes mend it"
    assert len(list(archive.check())) == 1


def test_a_server_that_fails_for_a_moment_is_asked_again(bucket: Bucket, archive: Archive) -> None:
    bucket.failing = 1
    assert archive.get(archive.put(BODY)) == BODY


def test_f34_what_cannot_be_used_is_one_clear_sentence(
    bucket: Bucket, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    advice = "check the address, the variables AWS_… and the setting s3_endpoint, and run again"
    sha = archive.put(BODY)
    other = open_archive("s3://elsewhere/x", bucket.endpoint)
    said = f"cannot write to the archive s3://elsewhere/x: the server answered 404 Not Found (NoSuchBucket); {advice}"
    with pytest.raises(ArchiveError, match=f"^{re.escape(said)}$"):
        other.put(BODY)
    with pytest.raises(ArchiveError, match="cannot list the archive s3://elsewhere/x: the server answered 404"):
        list(other.hashes())
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    stranger = open_archive(ADDRESS, bucket.endpoint)
    with pytest.raises(ArchiveError, match=r"cannot be read from s3://captures.*403 Forbidden \(SignatureDoesNotMatch"):
        stranger.get(sha)
    nobody = open_archive(ADDRESS, "http://127.0.0.1:9")
    with pytest.raises(ArchiveError, match=r"cannot write to the archive .*: HTTP error: error sending request; check"):
        nobody.put(BODY)


def test_the_setting_names_the_archive_and_the_whole_flow_goes_there(bucket: Bucket, tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/ratecard.db"
    settings = {"RATECARD_ARCHIVE": ADDRESS, "RATECARD_S3_ENDPOINT": bucket.endpoint}
    for command, said in (
        (("refresh", "deepseek", "--replay", FIXTURES, "--at", "2026-09-01"), "1 source"),
        (("verify", "deepseek"), "(100.0 %)"),
        (("doctor",), f"ok    archive: {ADDRESS} holds 1 captures, all whole"),
    ):
        ran = finished(start(*command, db=db, settings=settings))
        assert said in ran.stdout, ran
        assert ran.returncode == (1 if command == ("doctor",) else 0), ran
    assert [path.name for path in tmp_path.iterdir()] == ["ratecard.db"]
    assert len(bucket.kept) == 1


def test_without_the_extra_it_is_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "scraper.fetch.bucket", None)
    monkeypatch.setenv("RATECARD_ARCHIVE", ADDRESS)
    ran = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)("doctor")
    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'ratecard[s3]'" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "place", ["s3:/captures", "s3://", "s3:///x", "gs://captures", "s3://captures?x=1", "http://x/y"]
)
def test_f43_an_address_that_is_none_is_named(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATECARD_ARCHIVE", place)
    with pytest.raises(RatecardError, match=r"RATECARD_ARCHIVE is not usable: .*an address like s3://BUCKET/PREFIX"):
        load_settings()
