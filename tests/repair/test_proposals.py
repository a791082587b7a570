"""Which fix is written for a defect, and why another is not."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.repair.proposals import Left, Proposal, choose, clearing
from pytest_portable_errors.report.defect import Defect
from pytest_portable_errors.report.fixes import fixes_of
from pytest_portable_errors.report.rows import Detail

WHOLE = Fix(
    title="add it",
    code="def __reduce__(self): ...\n",
    arrives_whole=True,
    owner="shop.errors:A",
    method="__reduce__",
    recipe="WithoutInit",
    file="shop/errors.py",
    lines=(3, 9),
    instances=2,
)
LOSSY = replace(WHOLE, arrives_whole=False, still_lost=("exc.lock", "exc.args"))
GIVES_UP = replace(WHOLE, gives_up=("exc.lock", "exc.conn"))


def detail(*fixes: Fix, why: str = "", cls: str = "shop.errors.A") -> Detail:
    """A detail as a worker of pytest-xdist sends it: JSON has no tuples."""
    return Detail(
        cls=cls,
        cause="a-cause",
        how="raised",
        test="",
        headline="",
        why=why,
        fixes=json.loads(json.dumps([asdict(fix) for fix in fixes])),
        file="",
        line=0,
        owner="",
        is_held=False,
        text="",
        trip={},
    )


def defect(
    *fixes: Fix, why: str = "", cls: str = "shop.errors.A", cause: str = "a-cause"
) -> Defect:
    return Defect(cls=cls, cause=cause, detail=detail(*fixes, why=why, cls=cls))


def test_fixes_are_read_back_as_they_were() -> None:
    assert fixes_of(detail(WHOLE, LOSSY, GIVES_UP)) == [WHOLE, LOSSY, GIVES_UP]


def test_the_first_that_gives_up_nothing_is_written() -> None:
    second = replace(WHOLE, code="second")
    for unsafe in (False, True):
        chosen = choose([defect(LOSSY, GIVES_UP, WHOLE, second)], unsafe=unsafe)
        assert [one.fix for one in chosen.methods] == [WHOLE]
        assert (chosen.reducers, chosen.settings, chosen.left) == ((), (), ())


def test_what_gives_something_up_is_written_only_where_that_is_asked_for() -> None:
    assert choose([defect(GIVES_UP)], unsafe=False).left == (
        Left(
            "shop.errors.A",
            "its fix gives up exc.lock, exc.conn: --portable-errors-fix-unsafe writes it",
        ),
    )
    assert [one.fix for one in choose([defect(GIVES_UP)], unsafe=True).methods] == [GIVES_UP]


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize(
    ("left", "why"),
    [
        (defect(LOSSY), "its fix still loses exc.lock, exc.args"),
        (defect(why="it hangs\nfor ever"), "no fix is known: it hangs"),
        (defect(), "no fix is known: a-cause"),
        (Defect(cls="shop.errors.A", cause="a-cause"), "no fix is known: a-cause"),
    ],
)
def test_what_does_not_help_is_never_written(left: Defect, why: str, unsafe: bool) -> None:
    chosen = choose([left], unsafe=unsafe)
    assert chosen.left == (Left("shop.errors.A", why),)
    assert (chosen.methods, chosen.reducers, chosen.settings) == ((), (), ())


def test_defects_of_one_class_and_method_share_the_fix_that_suits_more() -> None:
    call = replace(WHOLE, recipe="ByConstructor", instances=9)
    chain = replace(WHOLE, recipe="WithChain", instances=1)
    more = replace(WHOLE, code=WHOLE.code + "# and more")
    defects = [
        defect(call, cause="one"),
        defect(more, cause="two", cls="shop.errors.Below"),
        defect(WHOLE, cause="three"),
    ]
    [proposal] = choose(defects, unsafe=False).methods
    assert (proposal.fix, proposal.defects) == (more, tuple(defects))
    assert proposal.classes == ("shop.errors.A", "shop.errors.Below")
    [proposal] = choose([*defects, defect(chain)], unsafe=False).methods
    assert proposal.fix == chain


def test_what_arrives_as_another_class_suits_those_that_cannot_be_kept() -> None:
    kept = replace(WHOLE, method="", recipe="AndState", code=WHOLE.code + "# and more")
    named = replace(
        GIVES_UP, method="", recipe="Downgrade", expect="shop.errors.A -> builtins.ValueError"
    )
    defects = [defect(kept, cause="one"), defect(named, cause="two")]
    [proposal] = choose(defects, unsafe=True).reducers
    assert (proposal.fix, proposal.defects) == (named, tuple(defects))
    safely = choose(defects, unsafe=False)
    assert [(one.fix, one.defects) for one in safely.reducers] == [(kept, (defects[0],))]
    assert [one.cls for one in safely.left] == ["shop.errors.A"]


def test_other_methods_and_other_classes_have_their_own() -> None:
    other = replace(WHOLE, method="__reduce_ex__")
    beside = replace(WHOLE, owner="shop.errors:B")
    chosen = choose([defect(WHOLE), defect(other), defect(beside)], unsafe=False)
    assert [one.fix for one in chosen.methods] == [WHOLE, other, beside]


def test_reducers_and_settings_are_told_apart() -> None:
    reducer = replace(WHOLE, owner="json:JSONDecodeError", method="", file="")
    setting = replace(WHOLE, owner="shop.errors:C", method="", recipe="Declaration")
    chosen = choose([defect(setting), defect(reducer), defect(WHOLE)], unsafe=False)
    assert [one.fix for one in chosen.methods] == [WHOLE]
    assert [one.fix for one in chosen.reducers] == [reducer]
    assert [one.fix for one in chosen.settings] == [setting]


@given(
    st.lists(
        st.builds(
            lambda fixes, cls: defect(*fixes, cls=cls),
            st.lists(
                st.sampled_from(
                    [
                        LOSSY,
                        GIVES_UP,
                        WHOLE,
                        replace(WHOLE, owner="shop.errors:B"),
                        replace(WHOLE, method=""),
                        replace(WHOLE, method="", recipe="Declaration"),
                    ]
                )
            ),
            st.sampled_from(["shop.errors.A", "shop.errors.B"]),
        )
    ),
    st.booleans(),
)
def test_each_defect_is_chosen_for_or_left_once(defects: list[Defect], unsafe: bool) -> None:
    chosen = choose(defects, unsafe=unsafe)
    proposals = [*chosen.methods, *chosen.reducers, *chosen.settings]
    assert sum(len(one.defects) for one in proposals) + len(chosen.left) == len(defects)
    places = [(one.fix.owner, one.fix.method) for one in proposals]
    assert len(places) == len(set(places))
    assert all(one.fix.arrives_whole for one in proposals)
    assert unsafe or not any(one.fix.gives_up for one in proposals)
    backwards = choose(defects[::-1], unsafe=unsafe)
    assert {one.fix.owner for one in backwards.methods} == {one.fix.owner for one in chosen.methods}


def test_others_classes_that_carry_credentials_are_cleared_unless_they_are_repaired() -> None:
    carrying = {"a.b:C": ["exc.request.headers['authorization']"], "d:E": ["exc.headers['x']"]}
    repaired = [Proposal(fix=replace(WHOLE, owner="d:E", method=""), defects=())]
    [one] = clearing(carrying, repaired)
    assert (one.classes, one.fix.gives_up) == (("a.b.C",), tuple(carrying["a.b:C"]))
    assert one.is_reducer
    assert one.fix.is_safe
