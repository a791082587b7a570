"""The names of a library's classes, and which of them a project's code names."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from pytest_portable_errors.survey.class_names import ClassNames, is_public

LIBRARY = """
class Base(Exception): pass
class Refused(Base): pass
class Other(Exception): pass
Alias = Refused
_hidden = Other
def __getattr__(name):  # as pydantic exports what pydantic_core has
    if name == "Lazy":
        from core_of_shopped import Lazy
        return Lazy
    raise AttributeError(name)
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "shopped.py").write_text(LIBRARY)
    (tmp_path / "core_of_shopped.py").write_text("class Lazy(Exception): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("shopped", "core_of_shopped"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    module = __import__("shopped")
    monkeypatch.setitem(sys.modules, "shopped._private", module)
    return module


def test_the_names_of_a_class(library: ModuleType) -> None:
    names = ClassNames(["shopped"], named={})
    assert names.of(library.Refused) == ["shopped.Refused", "shopped.Alias"]
    assert names.of(ValueError) == []
    assert names.bases_of(library.Refused) == ["shopped.Base"]


def test_what_is_exported_lazily_has_the_name_that_the_project_uses(library: ModuleType) -> None:
    names = ClassNames(["shopped"], named={"shopped.Lazy": True, "shopped.Gone": True})
    assert names.named_classes == {"shopped.Lazy": library.Lazy}
    assert names.of(library.Lazy) == ["shopped.Lazy"]
    assert names.is_named(library.Lazy)


@pytest.mark.parametrize(
    ("named", "refused", "other"),
    [
        ({"shopped.Alias": False}, True, False),
        ({"shopped.Base": True}, True, False),  # an except meets subclasses as well
        ({"shopped.Base": False}, False, False),  # and a raise does not
        ({}, False, False),
        (None, True, True),
    ],
)
def test_which_are_named(
    library: ModuleType, named: dict[str, bool] | None, refused: bool, other: bool
) -> None:
    names = ClassNames(["shopped"], named)
    assert (names.is_named(library.Refused), names.is_named(library.Other)) == (refused, other)


def test_what_is_public() -> None:
    assert is_public("google.api_core.exceptions")
    assert not is_public("urllib3._collections")
    assert not is_public("_pytest.outcomes")
