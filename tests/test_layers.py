"""The house's plan: imports go one way, each room may import only what stands in the plan, and each
module has its tests."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import pytest_portable_errors

TESTS = Path(__file__).parent
PACKAGE = Path(pytest_portable_errors.__file__).parent
NAME = PACKAGE.name
MODULES = sorted(PACKAGE.rglob("*.py"))
RECEIVER = [path for path in MODULES if "receiver" in path.relative_to(PACKAGE).parts]

ROOMS = (
    {"errors", "receiver"},
    {"diagnosis", "receiver_names"},
    {"sender", "report"},
    {"judging", "round_trip"},
    {"survey"},
    {"run"},
    {"plugin", "__main__", "__init__"},
)
"""From the bottom up, folders and what lies loose at the top: a room imports from itself and from
the floors below, never beside it."""

TALK_TO_PYTEST = {"run", "plugin"}

TESTED_BY = {
    "__init__": "this file: the public names load on first use",
}
"""Modules without a ``test_<module>`` of their own, and what tests them."""


def room_of(module: str) -> str:
    """``sender`` for ``pytest_portable_errors.sender.client``; ``__init__`` for the package
    itself."""
    parts = module.split(".")[1:]
    return parts[0] if parts else "__init__"


def module_name(path: Path) -> str:
    """``pytest_portable_errors.sender.client``."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


KNOWN = {module_name(path) for path in MODULES}


def imported(path: Path) -> set[str]:
    """What a module imports, by its full name; for type checkers alone, or inside a function, as
    well."""
    package = (
        module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    )
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            full = {f"{base}.{alias.name}" for alias in node.names}
            names |= full & KNOWN | {base for name in full if name not in KNOWN}
    return names


def own_imports(path: Path) -> set[str]:
    return {name for name in imported(path) if name.partition(".")[0] == NAME}


def level_of(room: str) -> int:
    return next(number for number, floor in enumerate(ROOMS) if room in floor)


def wrong_imports(path: Path) -> list[str]:
    """Those that go up, or to a room on the same floor."""
    own = room_of(module_name(path))
    return [
        f"{module_name(path)} imports {name}"
        for name in sorted(own_imports(path))
        if room_of(name) != own and level_of(room_of(name)) >= level_of(own)
    ]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_one_way(path: Path) -> None:
    assert wrong_imports(path) == []


def test_there_is_no_circle() -> None:
    waiting = {module_name(path): own_imports(path) - {module_name(path)} for path in MODULES}
    while free := {module for module, needed in waiting.items() if not needed & waiting.keys()}:
        waiting = {module: needed for module, needed in waiting.items() if module not in free}
    assert waiting == {}


def test_an_import_turned_round_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path / NAME)
    module = tmp_path / NAME / "diagnosis" / "losses.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from "
        "pytest_portable_errors.sender.trip import RoundTrip\n"
    )
    assert wrong_imports(module) == [
        "pytest_portable_errors.diagnosis.losses imports pytest_portable_errors.sender.trip"
    ]


@pytest.mark.parametrize("path", RECEIVER, ids=module_name)
def test_the_receiver_imports_the_standard_library_and_itself(path: Path) -> None:
    own = ("carriers",)  # asks the carrier whose row it rebuilds, each in a function of its own
    for name in imported(path):
        if room_of(name) != "receiver" and path.parent.name not in own:
            assert name.partition(".")[0] in sys.stdlib_module_names, name
    assert path.stem in ("__init__", "__main__") or path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("path", RECEIVER, ids=module_name)
def test_the_receiver_is_written_for_python_3_8(path: Path) -> None:
    source = path.read_text()
    ast.parse(source, feature_version=(3, 8))
    assert not re.search(r"slots=|^from __future__ import annotations", source, re.MULTILINE)


def test_only_what_talks_to_pytest_imports_it() -> None:
    others = [path for path in MODULES if room_of(module_name(path)) not in TALK_TO_PYTEST]
    assert [
        f"{module_name(path)} imports {name}"
        for path in others
        for name in sorted(imported(path))
        if re.match(r"_?pytest(\.|$)", name)
    ] == []


def test_each_module_is_tested_where_its_place_says_or_it_is_said_where() -> None:
    missing = set()
    for path in MODULES:
        place = path.relative_to(PACKAGE)
        if place.stem == "__init__" and len(place.parts) > 1:
            continue  # a folder's, with no code
        if not (TESTS / place.parent / f"test_{place.stem.strip('_')}.py").exists():
            missing.add(place.with_suffix("").as_posix())
    assert missing == set(TESTED_BY)


def test_the_tests_lie_as_the_package_does() -> None:
    rooms = {
        path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()
    }
    for room in rooms & {path.name for path in TESTS.iterdir()}:
        modules = {f"test_{path.stem.strip('_')}" for path in (PACKAGE / room).rglob("*.py")}
        strangers = {path.stem for path in (TESTS / room).rglob("test_*.py")} - modules
        assert strangers <= ABOUT_SEVERAL.get(room, set()), room


ABOUT_SEVERAL: dict[str, set[str]] = {}
"""Tests in a room's folder that are about several of its modules."""


def test_the_public_names_load_on_first_use() -> None:
    for name in pytest_portable_errors.__all__:
        assert getattr(pytest_portable_errors, name) is not None
    assert sorted(pytest_portable_errors.__all__) == dir(pytest_portable_errors)
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        pytest_portable_errors.missing  # noqa: B018  # asking is the point
