"""Imports go one way, and the receiver stands alone."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import pytest_portable_errors

PACKAGE = Path(pytest_portable_errors.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
RECEIVER = [path for path in MODULES if path.parent.name == "receiver"]

# From the bottom up: a module imports from its own layer and from those before it.
LAYERS = (
    ("errors", "explain", "receiver_names", "sharing", "hooks", "ini", "invocation", "options", "settings", "host", "baseline", "rows"),
    ("receiver",),
    ("diagnosis",),
    ("tally",),
    ("report",),  # the text of a trip: str(trip) is it
    ("sender",),
    ("trip",),
    ("journey", "value_trip"),
    ("round_trip", "declarations"),
    ("judging",),
    ("experience",),
    ("ledger", "demands"),
    ("judges",),
    ("requirement", "watched", "fixtures", "survey"),
    ("session",),
    ("collection", "reporting", "merging", "wiring", "plugin", "__main__"),
)
MAY_IMPORT_PYTEST = {
    "plugin.py",
    "options.py",
    "ini.py",
    "settings.py",
    "reporting.py",
    "wiring.py",
    "collection.py",
    "terminal.py",
    "cases.py",
}


def imported(path: Path, *, at_run_time: bool = True) -> set[str]:
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if at_run_time and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" if node.level == 0 else f".{node.module or alias.name}" for alias in node.names}
    return names


def layer_of(parts: tuple[str, ...]) -> int:
    return next(number for number, layer in enumerate(LAYERS) if parts[0] in layer)


@pytest.mark.parametrize("path", [p for p in MODULES if p.name not in ("__init__.py",)], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    own = layer_of(path.relative_to(PACKAGE).with_suffix("").parts)
    for name in imported(path):
        if name.startswith("pytest_portable_errors."):
            assert layer_of(tuple(name.split(".")[1:])) <= own, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", RECEIVER, ids=lambda p: p.name)
def test_the_receiver_imports_the_standard_library_and_itself(path: Path) -> None:
    for name in imported(path, at_run_time=False):
        assert name.startswith(".") or name.partition(".")[0] in sys.stdlib_module_names, name
    assert path.stem in ("__init__", "__main__") or path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("path", RECEIVER, ids=lambda p: p.name)
def test_the_receiver_is_written_for_python_3_8(path: Path) -> None:
    source = path.read_text()
    ast.parse(source, feature_version=(3, 8))
    assert not re.search(r"slots=|^from __future__ import annotations", source, re.MULTILINE)


def test_only_what_talks_to_pytest_imports_it() -> None:
    for path in MODULES:
        if any(re.match(r"_?pytest(\.|$)", name) for name in imported(path)):
            assert path.name in MAY_IMPORT_PYTEST


def test_the_public_names_load_on_first_use() -> None:
    for name in pytest_portable_errors.__all__:
        assert getattr(pytest_portable_errors, name) is not None
    assert sorted(pytest_portable_errors.__all__) == dir(pytest_portable_errors)
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        pytest_portable_errors.missing  # noqa: B018  # asking is the point
