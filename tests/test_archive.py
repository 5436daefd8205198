"""The archive keeps bytes whole, once, and notices every bit that changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import RatecardError
from scraper.fetch.archive import Archive, ArchiveError

BODY = b"<html>Input $2.50 / 1M tokens</html>" * 100


def blob(archive: Archive, sha: str) -> Path:
    return Path(archive.shown) / sha[:2] / sha[2:4] / f"{sha}.zst"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@given(st.binary(max_size=5000))
def test_gives_back_what_was_put(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    sha = archive.put(body)
    assert sha == hashlib.sha256(body).hexdigest()
    assert archive.get(sha) == body


def test_keeps_a_body_once_compressed_under_its_hash(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "new" / "archive")
    sha = archive.put(BODY)
    before = blob(archive, sha).stat()
    assert archive.put(BODY) == sha
    assert files(Path(archive.shown)) == [blob(archive, sha)]
    assert blob(archive, sha).stat().st_mtime_ns == before.st_mtime_ns
    assert before.st_size < len(BODY)


def test_lists_the_hashes_of_what_it_keeps(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert list(archive.hashes()) == []
    kept = sorted(archive.put(body) for body in (b"", b"a", BODY))
    (tmp_path / "ab").mkdir(exist_ok=True)
    (tmp_path / "ab" / "notes.zst").write_bytes(b"x")
    assert list(archive.hashes()) == kept
    assert list(Archive(tmp_path / "none").hashes()) == []


def test_f32_a_broken_body_is_never_given_out(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    sha, other = archive.put(BODY), archive.put(b"other")
    path = blob(archive, sha)
    whole = path.read_bytes()
    for broken in (b"", whole[:-1], whole[:10], b"not zstd", blob(archive, other).read_bytes()):
        path.write_bytes(broken)
        with pytest.raises(ArchiveError, match=f"{sha}.*restore the file"):
            archive.get(sha)
        assert [sha in problem for problem in archive.check()] == [True]
    path.unlink()
    with pytest.raises(ArchiveError, match=f"{sha} is not in the archive.*restore the file"):
        archive.get(sha)
    assert archive.get(other) == b"other"


def test_f32_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    sha = archive.put(b"Input $2.50")
    whole = blob(archive, sha).read_bytes()
    for place in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        blob(archive, sha).write_bytes(flipped)
        try:
            assert archive.get(sha) == b"Input $2.50"  # a bit of the frame that means nothing
        except ArchiveError:
            continue


def test_putting_the_bytes_again_repairs_a_broken_body(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    sha = archive.put(BODY)
    blob(archive, sha).write_bytes(b"")
    assert archive.put(BODY) == sha
    assert archive.get(sha) == BODY
    assert list(archive.check()) == []


def test_doctor_hears_of_unfinished_and_foreign_files(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    sha = archive.put(BODY)
    assert list(archive.check()) == []
    (blob(archive, sha).parent / f".{sha}.0123abcd.tmp").write_bytes(b"half")
    (tmp_path / "README").write_text("hello")
    (tmp_path / f"{'a' * 64}.zst").write_bytes(b"")
    problems = list(archive.check())
    assert len(problems) == 3
    assert sum("unfinished" in problem for problem in problems) == 1
    assert sum("does not belong" in problem for problem in problems) == 2


def test_what_killed_writers_left_is_removed_once_it_is_a_day_old(tmp_path: Path) -> None:
    kept = Archive(tmp_path).put(BODY)
    old, young, foreign = tmp_path / ".a.0123.tmp", tmp_path / ".b.4567.tmp", tmp_path / "c.tmp"
    for path in (old, young, foreign):
        path.write_bytes(b"half")
    for path, hours in ((old, 25), (young, 23), (foreign, 1000)):
        at = blob(Archive(tmp_path), kept).stat().st_mtime - hours * 3600
        os.utime(path, (at, at))
    reader = Archive(tmp_path)
    assert len(list(reader.check())) == 3
    assert reader.put(BODY) == kept
    assert old.exists(), "who writes nothing removes nothing"
    reader.put(b"more")
    assert (old.exists(), young.exists(), foreign.exists()) == (False, True, True)
    assert len(list(reader.check())) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file is meant")
def test_a_body_and_its_name_are_on_the_disk_before_it_counts_as_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[Path, list[str]]] = []
    fsync = os.fsync

    def noted(fd: int) -> None:
        path = Path(f"/proc/self/fd/{fd}").readlink()
        synced.append((path, [file.name for file in path.iterdir()] if path.is_dir() else []))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    archive = Archive(tmp_path / "archive")
    sha = archive.put(BODY)
    folder = blob(archive, sha).parent
    above = [(tmp_path, ["archive"]), (tmp_path / "archive", [sha[:2]]), (tmp_path / "archive" / sha[:2], [sha[2:4]])]
    assert synced[:3] == above, "each new folder in the one above it"
    assert synced[3][0].suffix == ".tmp"
    assert synced[4:] == [(folder, [f"{sha}.zst"])]


@pytest.mark.parametrize("sha", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_hash_names_a_body(tmp_path: Path, sha: str) -> None:
    with pytest.raises(ArchiveError, match="64 hexadecimal digits"):
        Archive(tmp_path).get(sha)


def test_f34_a_folder_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RatecardError, match=r"cannot write to the archive .*file.*; free space or grant"):
        Archive(tmp_path / "file" / "archive").put(BODY)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_f34_a_folder_without_permission_is_one_clear_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RatecardError, match="Permission denied"):
        Archive(tmp_path).put(BODY)
    tmp_path.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_f30_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    kept = archive.put(BODY)
    script = (
        "import os, resource, sys; from pathlib import Path; from scraper.fetch.archive import Archive, ArchiveError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: Archive(Path(sys.argv[1])).put(os.urandom(100_000))\n"
        "except ArchiveError as error: print(error)"
    )
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=root, capture_output=True, text=True, check=True
    )
    assert "cannot write to the archive" in done.stdout
    assert "free space" in done.stdout
    assert files(tmp_path) == [blob(archive, kept)]
    assert archive.get(archive.put(os.urandom(100_000)))


def test_writers_of_the_same_body_do_not_disturb_each_other(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    bodies = [bytes([n]) * 20_000 for n in range(5)]

    def write() -> None:
        for body in bodies:
            archive.put(body)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(archive.get(sha) for sha in archive.hashes()) == bodies
    assert list(archive.check()) == []
