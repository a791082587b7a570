"""Classes are found whatever their modules and metaclasses do."""

from __future__ import annotations

import dataclasses
import gc
import sys
import types
from typing import Any

import pytest

from pytest_portable_errors.survey.classes import subclasses_in


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    made = types.ModuleType("shop_found")
    monkeypatch.setitem(sys.modules, "shop_found", made)
    return made


def define(module: Any, name: str, *bases: type, **namespace: object) -> Any:
    cls = type(bases[0])(
        name, bases, {"__module__": module.__name__, "__qualname__": name, **namespace}
    )
    setattr(module, name, cls)
    return cls


def test_a_diamond_is_found_once(module: types.ModuleType) -> None:
    top = define(module, "Top", Exception)
    left, right = define(module, "Left", top), define(module, "Right", top)
    bottom = define(module, "Bottom", left, right)
    assert subclasses_in("shop_found") == [bottom, left, right, top]


def test_the_twin_of_a_slotted_dataclass_is_not_found(module: types.ModuleType) -> None:
    twin = define(module, "Slotted", Exception, __annotations__={"code": int})
    cls: Any = dataclasses.dataclass(slots=True)(twin)
    module.Slotted = cls  # type: ignore[attr-defined]  # any attribute
    assert subclasses_in("shop_found") == [cls]


def test_a_metaclass_has_no_say(module: types.ModuleType) -> None:
    class Meta(type):
        def __subclasses__(cls) -> Any:
            raise LookupError

        def __eq__(cls, other: object) -> bool:
            raise LookupError

        def __hash__(cls) -> int:
            raise LookupError

        __module__ = property(lambda _: 7)

    base = Meta("Base", (Exception,), {"__module__": "shop_found", "__qualname__": "Base"})
    module.Base = base  # type: ignore[attr-defined]  # any attribute
    found = subclasses_in("shop_found")
    assert len(found) == 1
    assert found[0] is base
    del module.Base, base, found
    gc.collect()


def test_a_lazy_module_and_what_is_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(types.ModuleType):
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("cannot load")

    for place in (Lazy("shop_found"), object(), None):
        monkeypatch.setitem(sys.modules, "shop_found", place)
        type("Hidden", (Exception,), {"__module__": "shop_found", "__qualname__": "Hidden"})
        assert subclasses_in("shop_found") == []
