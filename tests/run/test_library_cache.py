"""What is kept of libraries is data: damaged, foreign or forbidden, it counts as none."""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_portable_errors.judging.recorder import no_entries
from pytest_portable_errors.report.libraries import KeptLibrary, LibraryCounts, SurveyedClass
from pytest_portable_errors.run.library_cache import LibraryCache, cache_folder
from pytest_portable_errors.survey.requirements import Dependency

DEPENDENCY = Dependency(name="Made.Up", version="1.0", stands_on=("other 2",))
LIBRARY = KeptLibrary(
    row=LibraryCounts(
        library="Made.Up",
        version="1.0",
        classes=3,
        whole=2,
        lossy=1,
        causes={"dumps-failed": 1},
        credentials=0,
        not_built=0,
        said=["its import prints 3 bytes"],
        named=[],
    ),
    classes=[SurveyedClass(cls="m.E", names=["m.E"], bases=[], entries=no_entries())],
)
ASKED: dict[str, Any] = {
    "root": "/here",
    "serializers": ["pickle"],
    "receivers": ["stdlib"],
    "reducers": None,
}


def put(folder: Path) -> Path:
    LibraryCache(folder, ASKED).put(DEPENDENCY, LIBRARY, modules=["m"], named={})
    [file] = folder.glob("*.json")
    return file


def get(folder: Path, asked: dict[str, Any] = ASKED, dependency: Dependency = DEPENDENCY) -> Any:
    return LibraryCache(folder, asked).get(dependency, {})


def test_what_was_put_is_got(tmp_path: Path) -> None:
    assert get(tmp_path) is None
    assert put(tmp_path).name.startswith("made-up-")
    assert get(tmp_path) == LIBRARY
    assert get(tmp_path, {**ASKED, "root": "/elsewhere"}) == LIBRARY


@pytest.mark.parametrize(
    "asked",
    [{"serializers": ["dill"]}, {"receivers": ["x"]}, {"reducers": {"text": "x", "file": ""}}],
)
def test_another_question_has_another_answer(tmp_path: Path, asked: dict[str, Any]) -> None:
    put(tmp_path)
    assert get(tmp_path, {**ASKED, **asked}) is None


@pytest.mark.parametrize("changes", [{"version": "1.1"}, {"stands_on": ("other 3",)}])
def test_another_version_or_what_it_stands_on(tmp_path: Path, changes: dict[str, Any]) -> None:
    put(tmp_path)
    other = Dependency(
        **{"name": "Made.Up", "version": "1.0", "stands_on": ("other 2",), **changes}
    )
    assert get(tmp_path, dependency=other) is None


def test_another_python_or_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path)
    monkeypatch.setattr(platform, "python_implementation", lambda: "Another")
    assert get(tmp_path) is None


def test_names_that_the_project_uses_now(tmp_path: Path) -> None:
    put(tmp_path)
    cache = LibraryCache(tmp_path, ASKED)
    assert cache.get(DEPENDENCY, {"other.E": "a.py:1 except"}) == LIBRARY
    assert cache.get(DEPENDENCY, {"m.E": "a.py:1 except"}) is None, "what became of it was not kept"


def test_what_is_not_kept(tmp_path: Path) -> None:
    cache = LibraryCache(tmp_path / "new", ASKED)
    editable = Dependency(name="m", version="1", is_editable=True)
    cache.put(editable, LIBRARY, modules=[], named={})
    cache.put(Dependency(name="m", version=""), LIBRARY, modules=[], named={})
    assert not (tmp_path / "new").exists()


def damaged(content: str) -> list[str]:
    stored = json.loads(content)
    return [
        "",
        "{",
        "[]",
        "null",
        content[: len(content) // 2],
        "[" * 100_000,
        json.dumps({**stored, "library": {**stored["library"], "classes": [{"cls": 7}]}}),
        json.dumps({**stored, "library": {**stored["library"], "more": 1}}),
        json.dumps({**stored, "library": {**stored["library"], "row": {"library": "m"}}}),
        json.dumps({**stored, "modules": 7}),
        json.dumps({**stored, "key": {**stored["key"], "format": "another"}}),
        json.dumps({name: stored[name] for name in stored if name != "named"}),
    ]


def test_a_damaged_file_is_none_and_is_mended(tmp_path: Path) -> None:
    file = put(tmp_path)
    for content in damaged(file.read_text()):
        file.write_text(content)
        assert get(tmp_path) is None, content[:80]
    put(tmp_path)
    assert get(tmp_path) == LIBRARY


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_is_in_it(tmp_path: Path, content: bytes) -> None:
    put(tmp_path).write_bytes(content)
    assert get(tmp_path) is None


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
@pytest.mark.parametrize("what", ["folder", "no folder"])
def test_where_nothing_can_be_written(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "cache"
    if what == "no folder":
        folder.write_text("a file")
    else:
        folder.mkdir()
        (folder / "x").symlink_to(folder / "x")
        folder = folder / "x"
    LibraryCache(folder, ASKED).put(DEPENDENCY, LIBRARY, modules=[], named={})
    assert get(folder) is None


def test_two_runs_at_once(tmp_path: Path) -> None:
    def write_and_read(seen: list[Any]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(50):
                LibraryCache(tmp_path, ASKED).put(DEPENDENCY, LIBRARY, modules=["m"], named={})
                seen.append(get(tmp_path))

        return run

    seen: list[Any] = []
    threads = [threading.Thread(target=write_and_read(seen)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [LIBRARY] * 150


def test_the_oldest_of_a_library_go(tmp_path: Path) -> None:
    for number in range(20):
        asked = {**ASKED, "receivers": [str(number)]}
        LibraryCache(tmp_path, asked).put(DEPENDENCY, LIBRARY, modules=[], named={})
    other = Dependency(name="made", version="1.0")
    LibraryCache(tmp_path, ASKED).put(other, LIBRARY, modules=[], named={})
    assert len(list(tmp_path.glob("made-up-*.json"))) == 12
    assert len(list(tmp_path.glob("*.json"))) == 13


def test_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert cache_folder() == tmp_path / "pytest-portable-errors" / "libraries"
