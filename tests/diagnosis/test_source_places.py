"""Places are named so that an editor opens them, and a class is found where its code lies."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from types import FunctionType, ModuleType

import attrs
import error_zoo as zoo
import pytest

from pytest_portable_errors.diagnosis import source_places


def function_of(callable_: object) -> FunctionType:
    """What ``def`` has made, by its type: to mypy it is any Callable."""
    assert isinstance(callable_, FunctionType)
    return callable_


def defined_in(file: str) -> FunctionType:
    """A function that a file at that path would define."""
    known: dict[str, object] = {}
    exec(compile("def made(exc): ...", file, "exec"), known)
    return function_of(known["made"])


class Outer:
    class Inner(Exception):
        pass


def function() -> None:
    pass


@dataclasses.dataclass
class AsData(Exception):
    code: int


@attrs.define(auto_exc=True)
class WithAttrs(Exception):
    code: int


class TestFindClass:
    def test_a_class_inside_another_is_found(self) -> None:
        assert source_places.find_class(__name__, "Outer.Inner") is Outer.Inner

    @pytest.mark.parametrize(
        ("module", "qualname"),
        [(__name__, "Outer.Missing"), (__name__, "function"), ("no_such_module", "Inner")],
    )
    def test_what_is_no_class_or_is_not_imported_is_none(self, module: str, qualname: str) -> None:
        assert source_places.find_class(module, qualname) is None


class TestLinesOf:
    def test_are_those_of_the_functions_of_its_body(self) -> None:
        lines = [
            function_of(getattr(one, "__func__", one)).__code__.co_firstlineno
            for one in (zoo.DropsFromItself.__init__, zoo.DropsFromItself._rebuild)
        ]
        told = source_places.lines_of(zoo.DropsFromItself)
        assert set(lines) < set(told)
        assert list(told) == sorted(told)

    def test_a_function_from_elsewhere_has_none(self) -> None:
        class Lent(Exception):
            __init__ = zoo.PaymentError.__init__

        own = vars(Lent).get("__firstlineno__")  # from 3.13 on
        assert source_places.lines_of(Lent) == (() if own is None else (own,))


class TestLocation:
    @pytest.mark.parametrize(
        ("file", "shown"),
        [
            ("/srv/app/lib/shop/errors.py", "shop/errors.py:1"),
            ("/srv/app/x.py", "app/x.py:1"),
            ("/elsewhere/x.py", "/elsewhere/x.py:1"),
        ],
    )
    def test_beside_the_project_it_is_as_short_as_an_import_would_name_it(
        self, file: str, shown: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        function = defined_in(file)
        monkeypatch.setattr(sys, "path", ["", "/srv", "/srv/app/lib/"])
        assert source_places.location(function) == shown

    def test_in_the_project_it_is_seen_from_the_root(self) -> None:
        line = function_of(zoo.PaymentError.__init__).__code__.co_firstlineno
        told = source_places.location(function_of(zoo.PaymentError.__init__))
        assert told == f"tests/error_zoo.py:{line}"

    @pytest.mark.parametrize("cls", [AsData, WithAttrs])
    def test_of_a_generated_function_it_is_that_of_its_class(self, cls: type) -> None:
        _, line = source_places.place_of(cls) or ("", 0)
        told = source_places.location(function_of(vars(cls)["__init__"]))
        assert told == f"tests/diagnosis/test_source_places.py:{line}"

    def test_of_one_whose_class_is_not_found_it_is_unknown(self) -> None:
        @dataclasses.dataclass
        class Local(Exception):
            code: int

        assert source_places.location(function_of(Local.__init__)) == ""


class TestFileBelow:
    def test_a_file_of_the_root_is_seen_from_there(self) -> None:
        assert source_places.file_below("/srv", "/srv/src/a.py") == "src/a.py"
        assert source_places.file_below("/srv/", "/srv/src/a.py") == "src/a.py"

    def test_one_beside_the_root_is_not(self) -> None:
        assert source_places.file_below("/srv", "/srv2/a.py") == ""
        assert source_places.file_below("/srv", "") == ""
        assert source_places.file_below("/srv", "/srv/.nox/tmp/a.py") == "", (
            "nor in a hidden folder"
        )

    @pytest.mark.parametrize("folder", ["", "src"])
    @pytest.mark.parametrize("is_equal", [True, False])
    def test_an_installed_copy_is_the_file_that_it_was_made_of(
        self, tmp_path: Path, folder: str, is_equal: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = tmp_path / ".venv" / "lib" / "site-packages"
        installed, own = site / "shop" / "errors.py", tmp_path / folder / "shop" / "errors.py"
        for file, content in ((installed, "a = 1"), (own, "a = 1" if is_equal else "a = 2")):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        monkeypatch.setattr(sys, "path", [str(site)])
        found = source_places.file_below(str(tmp_path), str(installed))
        assert found == (os.path.join(folder, "shop", "errors.py") if is_equal else "")


class TestClassAt:
    def test_is_the_nearest_class_whose_function_lies_there(self) -> None:
        class Below(zoo.PaymentError):
            pass

        place = source_places.location(function_of(zoo.PaymentError.__init__))
        assert source_places.class_at(Below, ["PaymentError(1)", place]) is zoo.PaymentError
        assert source_places.class_at(zoo.PaymentError, [place]) is zoo.PaymentError

    def test_of_other_places_there_is_none(self) -> None:
        assert source_places.class_at(zoo.PaymentError, ["", "elsewhere.py:1"]) is None


class TestPlaceOf:
    def test_is_the_file_and_the_line_of_the_class(self) -> None:
        found = source_places.place_of(zoo.PaymentError)
        assert found is not None
        file, line = found
        with open(file, encoding="utf-8") as lines:
            assert list(lines)[line - 1].startswith("class PaymentError(")

    def test_a_class_that_was_generated_has_none(self) -> None:
        assert (
            source_places.place_of(type("Made", (Exception,), {"__module__": "no_such_module"}))
            is None
        )

    def test_a_class_that_tells_its_line_and_has_no_file_has_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        module = ModuleType("typed_in")
        module.__file__ = "<stdin>"
        monkeypatch.setitem(sys.modules, "typed_in", module)
        assert (
            source_places.place_of(
                type("Made", (Exception,), {"__module__": "typed_in", "__firstlineno__": 7})
            )
            is None
        )

    @pytest.mark.parametrize(("told", "line"), [(7, 7), ("7", None)])
    def test_the_line_that_python_or_a_class_tells_is_a_number(
        self, told: object, line: int | None
    ) -> None:
        found = source_places.place_of(
            type("Made", (Exception,), {"__module__": __name__, "__firstlineno__": told})
        )
        assert found == (None if line is None else (os.path.realpath(__file__), line))
