"""Goldens of several releases lie side by side; no earlier one is ever written to."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from earlier_release import golden
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors import PortableErrorsError
from pytest_portable_errors.goldens.folder import (
    checked_release,
    prune,
    release_order,
    stored_in,
    write,
)
from pytest_portable_errors.receiver.record import describe

RELEASES = [
    "0.9",
    "0.10.0",
    "1.2",
    "1.10.0a1",
    "1.10.0rc1",
    "1.10.0",
    "1.10.0.post1",
    "1.10.1",
    "2.0",
    "2026.1",
    "1!1.0",
]


@given(st.permutations(RELEASES))
def test_releases_are_sorted_as_they_came_out(releases: list[str]) -> None:
    assert sorted(releases, key=release_order) == RELEASES


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("1.4.0", "1.4.0"),
        ("1.4.0.dev3+gabc", "1.4.0"),
        ("1.4.0+local", "1.4.0"),
        ("1.4.0dev", "1.4.0dev"),
        ("2026-11", "2026-11"),
    ],
)
def test_a_build_is_of_the_release_that_it_leads_to(version: str, release: str) -> None:
    assert checked_release(version) == release


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b"])
def test_what_is_no_name_of_a_folder_is_refused(name: str) -> None:
    with pytest.raises(PortableErrorsError, match="cannot be called"):
        checked_release(name)


class TestWrite:
    def test_one_of_the_same_shape_stays_as_it_is(self, tmp_path: Path) -> None:
        assert write(golden(), tmp_path) == "new"
        (only,) = stored_in(tmp_path)
        assert only.golden == golden()
        other = golden(record=describe(ValueError("other", 9)))
        assert write(other, tmp_path) == "kept"
        assert stored_in(tmp_path)[0].golden == golden()
        assert write(other, tmp_path, is_stale=lambda _: True) == "anew"
        assert stored_in(tmp_path)[0].golden == other

    def test_one_of_another_shape_takes_its_place(self, tmp_path: Path) -> None:
        write(golden(), tmp_path)
        other = golden(record=describe(ValueError("only one")))
        assert write(other, tmp_path) == "anew"
        assert stored_in(tmp_path)[0].golden == other

    def test_nothing_is_written_through_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "goldens").mkdir()
        (tmp_path / "goldens" / "1.4.0").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError, match="is a link"):
            write(golden(), tmp_path / "goldens")
        assert list((tmp_path / "elsewhere").iterdir()) == []

    def test_an_earlier_release_is_not_touched(self, tmp_path: Path) -> None:
        write(golden(), tmp_path)
        before = stored_in(tmp_path)[0].file.read_bytes()
        write(golden(release="1.5.0", record=describe(ValueError())), tmp_path)
        assert [one.file.parent.name for one in stored_in(tmp_path)] == ["1.4.0", "1.5.0"]
        assert stored_in(tmp_path)[0].file.read_bytes() == before

    def test_nothing_is_left_where_it_cannot_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(golden(), tmp_path)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            write(golden(record=describe(ValueError())), tmp_path)
        assert [file.name for file in (tmp_path / "1.4.0").iterdir()] == [golden().file_name]
        assert stored_in(tmp_path)[0].golden == golden()


class TestStored:
    def test_a_broken_one_is_told_and_the_others_are_read(self, tmp_path: Path) -> None:
        write(golden(), tmp_path)
        (tmp_path / "1.4.0" / "a.json").write_text("{")
        (tmp_path / "1.4.0" / "b.json").write_bytes(b"\xff\xfe")
        (tmp_path / "1.4.0" / "c.json").write_bytes(b" " * 1_000_001)
        (tmp_path / "1.4.0" / "d.json").write_text(golden(release="1.3.0").text())
        (tmp_path / "1.4.0" / "README.md").write_text("not looked at")
        stored = stored_in(tmp_path)
        problems = [one.problem.partition(": ")[2] for one in stored if one.golden is None]
        assert [one.golden for one in stored if one.golden is not None] == [golden()]
        assert [problem.split(":")[0][:30] for problem in problems] == [
            "cut off, or no JSON (Expecting",
            "'utf-8' codec can't decode byt",
            "1,000,001 bytes, over the limi",
            "is of release 1.3.0",
        ]

    def test_what_is_no_ordinary_file_is_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "1.4.0").mkdir()
        os.mkfifo(tmp_path / "1.4.0" / "fifo.json")
        (tmp_path / "1.4.0" / "zero.json").symlink_to("/dev/zero")
        problems = [one.problem.partition(": ")[2] for one in stored_in(tmp_path)]
        assert problems == ["is no ordinary file: delete it"] * 2

    def test_a_name_with_control_characters_is_told_without_them(self, tmp_path: Path) -> None:
        (tmp_path / "1.4.0").mkdir()
        (tmp_path / "1.4.0" / "x\n\x1b[31m.json").write_text("{")
        assert stored_in(tmp_path)[0].problem.isprintable()

    def test_no_folder_is_no_goldens(self, tmp_path: Path) -> None:
        assert stored_in(tmp_path / "none") == []

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(PortableErrorsError):
            stored_in(tmp_path / "file")


class TestPrune:
    def test_the_last_releases_stay(self, tmp_path: Path) -> None:
        for release in ("1.9", "1.10", "2.0"):
            write(replace(golden(), release=release), tmp_path)
        assert prune(tmp_path, keep=2) == ["1.9"]
        assert prune(tmp_path, keep=2) == []
        assert [one.file.parent.name for one in stored_in(tmp_path)] == ["1.10", "2.0"]

    def test_the_release_that_was_just_written_stays(self, tmp_path: Path) -> None:
        for release in ("1.9.9", "2.0", "2.1"):
            write(replace(golden(), release=release), tmp_path)
        assert prune(tmp_path, keep=2, but="1.9.9") == []
        assert prune(tmp_path, keep=2) == ["1.9.9"], "the control"

    def test_a_folder_with_anything_else_in_it_stays(self, tmp_path: Path) -> None:
        for release in ("1.9", "2.0"):
            write(replace(golden(), release=release), tmp_path)
        (tmp_path / "1.9" / "notes.txt").write_text("mine")
        assert prune(tmp_path, keep=1) == []
        assert (tmp_path / "1.9" / "notes.txt").read_text() == "mine"
