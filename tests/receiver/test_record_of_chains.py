"""Records of exceptions with what hangs on them, built at random: total, equal for equals, and
every change is seen."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.losses import compare
from pytest_portable_errors.receiver.record import describe

# OSError makes fields of its args
KINDS: tuple[type[Exception], ...] = (Exception, ValueError, KeyError, RuntimeError, TypeError)
DIFFERENT = "what stands nowhere else"
CHANGES = {
    "kind": "type",
    "args": "args",
    "attributes": "attributes",
    "notes": "notes",
    "cause": "chain",
    "context": "chain",
}
"""What can be changed of an exception, and the kind of loss that it is."""


@dataclass(frozen=True)
class Plan:
    """An exception that can be built again and again."""

    kind: type[Exception]
    args: tuple[Any, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    cause: Plan | None = None
    context: Plan | None = None

    def build(self) -> Exception:
        """Not raised: nothing but what is planned hangs on it."""
        exc = self.kind(*self.args)
        exc.__dict__.update(self.attributes)
        if self.notes:
            exc.__dict__["__notes__"] = list(self.notes)  # add_note is Python 3.11
        exc.__cause__ = None if self.cause is None else self.cause.build()
        exc.__context__ = None if self.context is None else self.context.build()
        exc.__suppress_context__ = False
        return exc

    def changed(self, what: str) -> Plan:
        """The same but for one thing."""
        if what == "kind":
            return replace(self, kind=LookupError)
        if what == "cause":
            return replace(self, cause=Plan(LookupError) if self.cause is None else None)
        if what == "context":
            return replace(self, context=Plan(LookupError) if self.context is None else None)
        if what == "attributes":
            return replace(self, attributes={**self.attributes, "added": DIFFERENT})
        if what == "notes":
            return replace(self, notes=[*self.notes, DIFFERENT])
        return replace(self, args=(*self.args, DIFFERENT))


texts = st.text(max_size=8)
plain = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=8)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def _plans(links: st.SearchStrategy[Plan | None]) -> st.SearchStrategy[Plan]:
    return st.builds(
        Plan,
        kind=st.sampled_from(KINDS),
        args=st.lists(values, max_size=3).map(tuple),
        attributes=st.dictionaries(
            st.sampled_from(["code", "retry_after", "détail"]), values, max_size=2
        ),
        notes=st.lists(texts, max_size=2),
        cause=links,
        context=links,
    )


plans = st.recursive(_plans(st.none()), lambda inner: _plans(st.none() | inner), max_leaves=4)


@given(plans)
def test_equal_exceptions_have_equal_records(plan: Plan) -> None:
    assert describe(plan.build()) == describe(plan.build())
    assert compare(describe(plan.build()), describe(plan.build())).losses == ()


@given(plans, st.sampled_from(sorted(CHANGES)))
def test_a_change_is_seen_and_its_kind_told(plan: Plan, what: str) -> None:
    if what == "context" and plan.cause is not None:
        return  # Python prints the cause and no context, and what is not printed is not compared
    losses = compare(describe(plan.build()), describe(plan.changed(what).build())).losses
    assert CHANGES[what] in {loss.kind for loss in losses}


@given(plans, st.sampled_from(sorted(CHANGES)))
def test_a_change_of_the_cause_is_seen_at_its_place(plan: Plan, what: str) -> None:
    if what == "context" and plan.cause is not None:
        return
    effect, other = Plan(RuntimeError, cause=plan), Plan(RuntimeError, cause=plan.changed(what))
    losses = compare(describe(effect.build()), describe(other.build())).losses
    assert losses
    assert all(loss.path.startswith("exc.__cause__") for loss in losses)


class Refuses:
    """An object whose code raises whenever it is asked."""

    def _refuse(self, *_: object) -> Any:
        raise SystemExit("refused")

    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __getattr__ = (
        __setattr__
    ) = __reduce_ex__ = _refuse
    __class__ = property(_refuse)  # as of a proxy that is not bound


class RefusesToBeTold(Exception):
    """An exception like that."""

    def __str__(self) -> str:
        raise LookupError("refused")

    __repr__ = __str__


@given(st.lists(values, max_size=3), st.dictionaries(texts, values, max_size=3), st.booleans())
def test_whatever_hangs_on_it_there_is_a_record_of_plain_data(
    args: list[Any], attributes: dict[str, Any], tells: bool
) -> None:
    exc = (ValueError if tells else RefusesToBeTold)(*map(_refusing, args))
    exc.__dict__.update(_refusing(attributes))
    exc.__context__ = RefusesToBeTold(exc)
    record = describe(exc)
    assert json.loads(json.dumps(record)) == record
    assert len(record["exceptions"]) == 2


def _refusing(value: Any) -> Any:
    """The same with an object that refuses for each None: Hypothesis itself would fail on one."""
    if isinstance(value, list):
        return [_refusing(item) for item in value]
    if isinstance(value, dict):
        return {name: _refusing(item) for name, item in value.items()}
    return Refuses() if value is None else value
