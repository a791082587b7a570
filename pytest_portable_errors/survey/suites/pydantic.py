"""The suite of pydantic: each exception class built, and raised by models."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import built, library, raised

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: pydantic is not installed.
    """
    with library(
        "pydantic",
        "pydantic",
        "pydantic",
        "pydantic_core",
        install="pip install pydantic",
        prepared=(receivers, receiver_names),
    ) as pydantic:
        yield from built("pydantic", subclasses_in("pydantic"))
        yield from raised("pydantic", _scenarios(pydantic))


def _scenarios(pydantic: Any) -> Mapping[str, Callable[[], object]]:
    adapter, field = pydantic.TypeAdapter, pydantic.Field

    def refuse(_: object) -> object:
        raise ValueError("refused by a validator")

    def assert_it(_: object) -> object:
        raise AssertionError("refused by an assertion")

    def refused(name: str, annotation: Any, value: object) -> Callable[[], object]:
        model = pydantic.create_model(name, field=(annotation, ...))
        return lambda: model(field=value)

    order = pydantic.create_model("Order", id=(int, field(gt=0)), day=(datetime.date, ...))
    basket = pydantic.create_model("Basket", first=(order, ...), second=(order, ...))
    by_validator = pydantic.create_model(
        "ByValidator",
        field=(int, ...),
        __validators__={"refuse": pydantic.field_validator("field")(refuse)},
    )
    by_assertion = pydantic.create_model(
        "ByAssertion",
        field=(int, ...),
        __validators__={"assert_it": pydantic.field_validator("field")(assert_it)},
    )
    return {
        "no-number": refused("Number", int, "seven"),
        "missing": order,
        "nested": lambda: basket(first={"id": 0, "day": "tomorrow"}, second=7),
        "by-a-validator": lambda: by_validator(field=1),
        "by-an-assertion": lambda: by_assertion(field=1),
        "of-two-types": refused("Either", int | datetime.date, "x"),
        "holds-a-lock": refused("Lock", int, threading.Lock()),
        "json": lambda: adapter(dict[str, int]).validate_json('{"a": }'),
        "strict": lambda: adapter(int).validate_python("7", strict=True),
        "secret": refused("Password", pydantic.SecretStr, 7),
        "no-type": lambda: pydantic.create_model("Odd", field=(object().__class__.__call__, ...)),
        "no-annotation": lambda: type("Bare", (pydantic.BaseModel,), {"field": 7}),
        "not-defined": lambda: pydantic.create_model("Later", field=("Nothing", ...))(field=1),
        "arguments": lambda: pydantic.validate_call(lambda a: a)(1, 2),
    }
