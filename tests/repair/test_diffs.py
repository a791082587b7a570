"""What is printed as a diff can be applied, byte for byte."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_portable_errors.repair.diffs import unified_diff


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\n", b"a\nx\nb\n"),
        (b"a\r\nb\r\n", b"a\r\nx\r\nb\r\n"),
        (b"a\n\x0cb\n\x1cc\n", b"a\n\x0cb\n\x1cc\nx\n"),
        (b"a\nb", b"a\nb\nx\n"),
        (b"a\nb", b"a\nb\nx"),
        (None, b"a\nb\n"),
        ("\ufeffcaf\xe9\n".encode(), "\ufeffcaf\xe9\nx\n".encode()),
    ],
)
def test_patch_applies_it(tmp_path: Path, before: bytes | None, after: bytes) -> None:
    file = tmp_path / "a.py"
    if before is not None:
        file.write_bytes(before)
    diff = unified_diff("a.py", before, after)
    subprocess.run(
        ["patch", "-p1", "--binary", "--quiet"], input=diff.encode(), cwd=tmp_path, check=True
    )
    assert file.read_bytes() == after


def test_what_is_the_same_gives_nothing() -> None:
    assert unified_diff("a.py", b"a\n", b"a\n") == ""
