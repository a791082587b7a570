"""Modules are found as the folders have them, and those are named that nothing imports."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from pytest_portable_errors.survey.project_modules import modules_not_imported, packages_of


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for file in (
        "src/shop_here/__init__.py",
        "src/shop_here/__main__.py",
        "src/shop_here/used.py",
        "src/shop_here/unused.py",
        "src/shop_here/conftest.py",
        "src/shop_here/tests/__init__.py",
        "src/shop_here/tests/test_a.py",
        "src/shop_here/_tests/__init__.py",  # as of trio
        "src/shop_here/_tests/check_types.py",
        "src/shop_here/deep/__init__.py",
        "src/shop_here/deep/more.py",
        "src/shop_here/no_package/odd.py",
        "src/shop_here/not-a-name.py",
        "src/other_here/__init__.py",
        "examples/__init__.py",
        "tests/__init__.py",
        "setup.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("class Failed(Exception):\n    pass\n")
    (tmp_path / "src" / "shop_here" / "_version.py").write_text("class Bare:\n    pass\n")
    for name in ("shop_here", "shop_here.used"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    return tmp_path


def test_packages_are_below_src_and_in_the_root(root: Path) -> None:
    assert [folder.name for folder in packages_of(root)] == ["other_here", "shop_here"]


def test_those_are_named_that_nothing_imports(root: Path) -> None:
    assert modules_not_imported(root) == [
        "shop_here.deep",
        "shop_here.deep.more",
        "shop_here.unused",
    ]
