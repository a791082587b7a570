"""Whether a class is what its module holds under its name; what the fields of objects are is
tested with the records."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType

import pytest

from pytest_portable_errors.receiver.fields import is_importable

SOURCE = """
import warnings
class Plain(Exception):
    class Inner(Exception): pass
class Replaced(Exception): pass
first = Replaced
class Replaced(Exception): pass
class _Old(Exception): pass
_Old.__name__ = _Old.__qualname__ = "Old"
class _Broken(Exception): pass
_Broken.__name__ = _Broken.__qualname__ = "Broken"
def __getattr__(name):  # PEP 562
    if name == "Old":
        warnings.warn("Old is kept for backward compatibility", DeprecationWarning, stacklevel=2)
        return _Old
    if name == "Broken":
        raise KeyboardInterrupt
    raise AttributeError(name)
"""


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType("fields_here")
    monkeypatch.setitem(sys.modules, "fields_here", made)
    exec(SOURCE, vars(made))
    return made


def test_what_a_module_holds_under_a_name(module: ModuleType) -> None:
    assert is_importable(module.Plain)
    assert is_importable(module.Plain.Inner)
    assert is_importable(module.Replaced)
    assert not is_importable(module.first), "another class has its name"


def test_a_deprecated_export_is_no_warning_of_the_test(module: ModuleType) -> None:
    """As snowflake's HttpError; repositories make errors of warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert is_importable(module._Old)
        with pytest.raises(DeprecationWarning):
            assert module.Old, "the control: whoever uses it is warned"


def test_a_module_that_raises_holds_nothing(module: ModuleType) -> None:
    assert not is_importable(module._Broken)


def test_a_module_that_is_not_imported_holds_nothing(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "fields_here")
    assert not is_importable(module.Plain)
