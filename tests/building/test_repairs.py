"""What a constructor looks for in its arguments is found there."""

from __future__ import annotations

import builtins
import pickle
import sys
from typing import Any

import pytest

from pytest_portable_errors.building.build import build


def built(cls: type[BaseException]) -> Any:
    exc = build(cls, values={})[0].exc
    pickle.dumps(vars(exc))
    return exc


def test_attributes_are_given_however_deep() -> None:
    class Deep(Exception):
        # written without annotations, as many are
        def __init__(self, node, parent) -> None:  # type: ignore[no-untyped-def]
            super().__init__(f"{node.token.line} in {parent.name}")

    assert str(built(Deep)) == "line-text in name-text"


def test_an_attribute_that_is_called_is_a_method() -> None:
    class Calls(Exception):
        # written without annotations, as many are
        def __init__(self, context) -> None:  # type: ignore[no-untyped-def]
            super().__init__(context.get_help())
            self.context = context

    assert str(built(Calls)) == "get_help-text"


def test_methods_of_built_in_types_tell_the_type() -> None:
    class Looks(Exception):
        # written without annotations, as many are
        def __init__(self, found, moment) -> None:  # type: ignore[no-untyped-def]
            super().__init__(f"{sorted(found.items())} at {moment.isoformat()}")

    assert "found-text" in str(built(Looks))


def test_a_text_that_is_made_later_has_what_it_needs() -> None:
    class Later(Exception):
        # written without annotations, as many are
        def __init__(self, position) -> None:  # type: ignore[no-untyped-def]
            self.position = position

        def __str__(self) -> str:
            return f"at {self.position.column}"

    assert str(built(Later)) == "at 1041"


def test_a_format_gets_its_keywords() -> None:
    class Formats(Exception):
        fmt = "No {thing} in {place}"

        def __init__(self, **kwargs: object) -> None:
            super().__init__(self.fmt.format(**kwargs))
            self.kwargs = kwargs

    assert str(built(Formats)) == "No thing-text in place-text"


def test_what_is_passed_on_gets_what_the_base_misses() -> None:
    class Base(Exception):
        def __init__(self, message: str, *, code: int) -> None:
            super().__init__(message)

    class Derived(Base):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__("fixed", **kwargs)

    assert str(built(Derived)) == "fixed"


def test_positional_arguments_are_as_many_as_are_unpacked() -> None:
    class Three(Exception):
        def __init__(self, *args: str) -> None:
            super().__init__(*args)
            self.first, self.second, self.third = args

    assert len(set(built(Three).args)) == 3


def test_new_is_asked_where_init_takes_anything() -> None:
    class Made(Exception):
        def __new__(cls, order: str, reason: str) -> Made:
            made = super().__new__(cls, order)
            made.reason = reason
            return made

        def __init__(self, *args: object, **kwargs: object) -> None: ...

        reason: str

    assert built(Made).reason == "reason-text"


@pytest.mark.parametrize(
    "base",
    [
        UnicodeDecodeError,
        UnicodeEncodeError,
        UnicodeTranslateError,
        OSError,
        KeyError,
        SyntaxError,
        StopIteration,
    ],
)
def test_subclasses_of_built_in_classes_without_a_signature(base: type[BaseException]) -> None:
    cls = type("Derived", (base,), {})
    assert type(built(cls)) is cls
    assert "text" in str(built(cls)) or base is UnicodeDecodeError


@pytest.mark.skipif(sys.version_info < (3, 11), reason="ExceptionGroup is of Python 3.11")
def test_groups_have_members() -> None:
    group: Any = vars(builtins)["ExceptionGroup"]

    def new(cls: Any, message: str, members: list[Exception], _: int) -> Any:
        return group.__new__(cls, message, members)

    # written without annotations, as many are
    def init(self: Any, message, members, code) -> None:  # type: ignore[no-untyped-def]
        self.code = code

    plain = type("Plain", (group,), {})
    with_code = type("WithCode", (group,), {"__new__": new, "__init__": init})
    for cls in (plain, with_code):
        members = built(cls).exceptions
        assert len({str(member) for member in members}) == 2


def test_no_optional_argument_is_given_as_required_because_the_text_fails() -> None:
    class Silent(Exception):
        def __init__(self, code: int, text: str | None = None) -> None:
            super().__init__(code)
            self.text = text

        def __str__(self) -> str:
            return self.text  # type: ignore[return-value]  # the defect

    variants: dict[str, Any] = {variant.how: variant.exc for variant in build(Silent, values={})}
    assert variants["required"].text is None
    assert variants["by position"].text == "text-text"
