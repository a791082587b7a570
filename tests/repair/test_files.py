"""The writer writes whole files, and only where it may."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from pytest_portable_errors.repair.files import MayNotWrite, Writer

OLD, NEW = b"old\r\n", b"new\n"
LATER = 3600.0  # seconds from now: no file is newer


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = Path(os.path.realpath(tmp_path)) / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def writer(root: Path) -> Writer:
    return Writer(root=root, started=time.time() + LATER)


def made(path: Path, content: bytes = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def refusal(writer: Writer, file: Path) -> str:
    """Why a file may neither be read nor written; nothing has changed then."""
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(MayNotWrite) as read:
        writer.read(file)
    with pytest.raises(MayNotWrite) as written:
        writer.write(file, NEW)
    assert str(read.value) == str(written.value)
    assert (file.read_bytes() if file.is_file() else None) == before
    assert not writer.written
    return str(read.value)


def test_a_file_of_the_project_is_written(root: Path, writer: Writer) -> None:
    file = made(root / "shop" / "errors.py")
    assert writer.read(file) == OLD
    writer.write(file, NEW)
    assert file.read_bytes() == NEW
    assert (writer.written, writer.wrote(file)) == ({file: OLD}, True)


def test_a_new_file_gets_its_folders_and_the_usual_mode(root: Path, writer: Writer) -> None:
    mask = os.umask(0o027)
    try:
        writer.write(root / "a" / "b" / "reducers.py", NEW)
    finally:
        os.umask(mask)
    file = root / "a" / "b" / "reducers.py"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (NEW, 0o640)


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o666, 0o4755])
def test_the_mode_stays(root: Path, writer: Writer, mode: int) -> None:
    file = made(root / "errors.py")
    file.chmod(mode)
    writer.write(file, NEW)
    assert file.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser may give files away")
def test_the_owner_stays_where_the_superuser_writes(root: Path, writer: Writer) -> None:
    file = made(root / "errors.py")
    os.chown(file, 12345, 54321)
    writer.write(file, NEW)
    status = file.stat()
    assert (status.st_uid, status.st_gid) == (12345, 54321)


def test_nothing_else_is_left_in_the_folder(root: Path, writer: Writer) -> None:
    file = made(root / "errors.py")
    writer.write(file, NEW)
    writer.put_back(file)
    assert [path.name for path in root.iterdir()] == ["errors.py"]


# --- where it may not


def test_outside_of_the_project(root: Path, writer: Writer) -> None:
    file = made(root.parent / "errors.py")
    assert refusal(writer, file) == f"{file} lies outside of the project"
    beside = made(root.parent / "project-2" / "errors.py")
    assert refusal(writer, beside) == f"{beside} lies outside of the project"
    above = root / ".." / "errors.py"
    assert refusal(writer, above) == f"{above} lies outside of the project"


def test_through_a_link_out_of_the_tree(root: Path, writer: Writer) -> None:
    outside = made(root.parent / "lib" / "errors.py")
    (root / "errors.py").symlink_to(outside)
    (root / "lib").symlink_to(outside.parent)
    assert refusal(writer, root / "errors.py").endswith("errors.py lies outside of the project")
    assert refusal(writer, root / "lib" / "errors.py").endswith(" lies outside of the project")
    assert refusal(writer, root / "lib" / "new.py").endswith(" lies outside of the project")


def test_a_link_within_the_tree_stays_and_its_file_is_written(root: Path, writer: Writer) -> None:
    file = made(root / "shop" / "errors.py")
    link = root / "errors.py"
    link.symlink_to(file)
    writer.write(link, NEW)
    assert (link.is_symlink(), file.read_bytes(), writer.wrote(link)) == (True, NEW, True)
    writer.put_back(link)
    assert (link.is_symlink(), file.read_bytes(), writer.wrote(file)) == (True, OLD, False)


def test_a_root_behind_a_link(root: Path) -> None:
    link = root.parent / "link"
    link.symlink_to(root)
    made(root / "errors.py")
    writer = Writer(root=root, started=time.time() + LATER)
    writer.write(link / "errors.py", NEW)
    assert (root / "errors.py").read_bytes() == NEW
    assert writer.shown(link / "errors.py") == "errors.py"


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_what_is_installed_in_the_tree(root: Path, writer: Writer, folder: str) -> None:
    file = made(root / "vendor" / folder / "errors.py")
    assert refusal(writer, file) == f"vendor/{folder}/errors.py belongs to an installed package"
    writer.write(made(root / f"{folder}.py"), NEW)  # the control: a file of that name


def test_an_environment_in_the_tree(root: Path, writer: Writer) -> None:
    made(root / "env" / "pyvenv.cfg")
    file = made(root / "env" / "src" / "lib" / "errors.py")
    assert refusal(writer, file) == "env/src/lib/errors.py belongs to an installed package"
    writer.write(made(root / "environment" / "errors.py"), NEW)  # the control


def test_python_itself_in_the_tree(
    root: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = made(root / "python" / "lib" / "json" / "decoder.py")
    writer.ensure_writable(file)  # the control
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(root / "python" / "lib"))
    assert refusal(writer, file) == "python/lib/json/decoder.py belongs to Python itself"


def test_read_only(root: Path, writer: Writer) -> None:
    file = made(root / "errors.py")
    file.chmod(0o444)
    assert refusal(writer, file) == "errors.py is read-only"
    file.chmod(0o644)
    writer.write(file, NEW)  # the control


def test_a_folder_and_a_pipe_are_no_files(root: Path, writer: Writer) -> None:
    (root / "errors.py").mkdir()
    assert refusal(writer, root / "errors.py") == "errors.py is no file"
    os.mkfifo(root / "pipe.py")
    assert refusal(writer, root / "pipe.py") == "pipe.py is no file"


def test_newer_than_the_run(root: Path) -> None:
    file = made(root / "errors.py")
    Writer(root=root, started=time.time() + 1).ensure_writable(file)  # the control
    writer = Writer(root=root, started=time.time() - 10)
    assert refusal(writer, file) == "errors.py has changed since the run began: run again"


def test_newer_than_the_run_with_an_old_date(root: Path) -> None:
    """``mv`` and ``cp -p`` keep a file's date."""
    file = made(root.parent / "errors.py")
    os.utime(file, (0, 0))
    file.replace(root / "errors.py")
    writer = Writer(root=root, started=time.time() - 10)
    assert (root / "errors.py").stat().st_mtime == 0
    assert refusal(writer, root / "errors.py").endswith("changed since the run began: run again")


# --- again, and back


def test_what_was_written_may_be_written_again_and_put_back(root: Path) -> None:
    file = made(root / "errors.py")
    writer = Writer(root=root, started=file.stat().st_ctime + 0.01)
    time.sleep(0.05)
    writer.write(file, NEW)
    assert file.stat().st_mtime > writer.started
    writer.write(file, b"newer\n")
    assert writer.written == {file: OLD}
    writer.put_back(file)
    assert (file.read_bytes(), writer.written) == (OLD, {})
    writer.write(file, NEW)
    assert writer.written == {file: OLD}


def test_a_new_file_goes_when_it_is_put_back(root: Path, writer: Writer) -> None:
    file = root / "reducers.py"
    for _ in range(2):
        writer.write(file, NEW)
        writer.put_back(file)
        assert (file.exists(), writer.written) == (False, {})


@pytest.mark.parametrize("theirs", [b"by hand\n", None])
def test_what_somebody_else_has_written_since_stays(
    root: Path, writer: Writer, theirs: bytes | None
) -> None:
    file = made(root / "errors.py")
    writer.write(file, NEW)
    file.unlink()
    if theirs is not None:
        file.write_bytes(theirs)
    with pytest.raises(MayNotWrite):
        writer.put_back(file)
    with pytest.raises(MayNotWrite):
        writer.write(file, b"newer\n")
    assert (file.read_bytes() if file.exists() else None) == theirs
    assert writer.wrote(file)


def test_a_disk_that_refuses_leaves_the_old_file(
    root: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = made(root / "errors.py")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MayNotWrite, match=r"errors.py cannot be written: No space left on device"):
        writer.write(file, NEW)
    assert file.read_bytes() == OLD
    assert [path.name for path in root.iterdir()] == ["errors.py"]
    assert not writer.wrote(file)


# --- at any moment

WRITES = """
import sys, time
from pathlib import Path
from pytest_portable_errors.repair.files import Writer
root = Path(sys.argv[1])
writer = Writer(root=root, started=time.time() + 3600)
size = 200_000
print("ready", flush=True)
number = 0
while True:
    number += 1
    letter = b"ab"[number % 2 : number % 2 + 1]
    for name in ("one.py", "two.py"):
        writer.write(root / name, letter * size)
    if number % 5 == 0:
        writer.put_back(root / "two.py")
"""


def test_who_is_killed_leaves_whole_files(root: Path) -> None:
    whole = {letter * 200_000 for letter in (b"o", b"a", b"b")}
    seen = set()
    for moment in range(12):
        for name in ("one.py", "two.py"):
            made(root / name, b"o" * 200_000)
        process = subprocess.Popen(
            [sys.executable, "-c", WRITES, str(root)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.003 + moment * 0.0037)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for name in ("one.py", "two.py"):
            content = (root / name).read_bytes()
            assert content in whole
            seen.add(content[:1])
        assert [path.name for path in root.glob("*.py")] != []
    assert len(seen) > 1, "the control: there were writes under way"


def test_who_reads_meanwhile_reads_a_whole_file(root: Path) -> None:
    file = made(root / "one.py", b"o" * 200_000)
    made(root / "two.py", b"o" * 200_000)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    end = time.monotonic() + 0.5
    seen = set()
    while time.monotonic() < end:
        content = file.read_bytes()
        assert len(content) == 200_000
        assert len(set(content)) == 1
        seen.add(content[:1])
    process.kill()
    process.wait()
    process.stdout.close()
    assert {b"a", b"b"} <= seen
