"""What a test may demand beside the trip: a chain, and primitive values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

CHAINS = """
class Linked(Exception):
    "Keeps its chain on the way."

    def __reduce__(self):
        state = {**self.__dict__, "__cause__": self.__cause__, "__context__": self.__context__}
        return type(self), self.args, {**state, "__suppress_context__": self.__suppress_context__}

class Payment(Linked):
    pass

class Tokens(Linked):
    pass

def retried(how):
    try:
        raise Tokens("4096")
    except Tokens as first:
        try:
            raise Payment("declined")
        except Payment as second:
            if how == "from first":
                second.__cause__ = first
                raise
            if how == "from None":
                raise second from None
            raise first
"""


@pytest.fixture
def chains(shop: Path) -> None:
    (shop / "chains.py").write_text(CHAINS)


IMPORTS = "from shop.chains import Payment, Tokens, retried\n"


@pytest.mark.usefixtures("chains")
class TestChain:
    def test_the_right_one_passes_by_marker_and_by_fixture(self, run: Any) -> None:
        result = run(
            IMPORTS
            + """
@pytest.mark.portable_exception(chain=(Payment, Tokens), receiver="with-project")
def test_marker():
    with pytest.raises(Payment): retried("from first")

@pytest.mark.portable_exception(raises=Payment, chain=("shop.chains.Payment", "shop.chains.Tokens"), receiver="with-project")
def test_it_escapes():
    retried("from first")

def test_fixture(assert_roundtrip):
    with pytest.raises(Payment) as caught: retried("from first")
    trip = assert_roundtrip(caught, chain=(Payment, Tokens), receiver="with-project")
    assert trip.arrived_whole
""",
        )
        result.assert_outcomes(passed=3)

    @pytest.mark.parametrize("way", ["marker", "fixture"])
    def test_one_that_was_lost_before_the_trip_is_printed_as_a_tree(
        self, run: Any, way: str
    ) -> None:
        if way == "marker":
            source = """
@pytest.mark.portable_exception(chain=(Payment, Tokens), receiver="with-project", serializers=("pickle",))
def test_it():
    with pytest.raises(Payment): retried("from None")
"""
        else:
            source = """
def test_it(assert_roundtrip):
    with pytest.raises(Payment) as caught: retried("from None")
    assert_roundtrip(caught, chain=(Payment, Tokens), receiver="with-project", serializers=("pickle",))
"""
        result = run(IMPORTS + source)
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "shop.chains.Payment has another chain than it should: Payment <- Tokens",
                "",
                "  expected  shop.chains.Payment",
                "            +- shop.chains.Tokens",
                "  sent      shop.chains.Payment: declined",
                "            +- (what came before is hidden: raised from None)",
                "  received  shop.chains.Payment: declined",
                "            +- (what came before is hidden: raised from None)",
            ],
            consecutive=True,
        )

    def test_the_wrong_one_may_be_raised(self, run: Any) -> None:
        result = run(
            IMPORTS
            + """
@pytest.mark.portable_exception(chain=(Payment, Tokens), receiver="with-project")
def test_it():
    with pytest.raises((Payment, Tokens)): retried("the first again")
"""
        )
        result.assert_outcomes(failed=1)
        # The second is what was being handled when the first was raised once more.
        result.stdout.fnmatch_lines(["  sent      shop.chains.Tokens: 4096"])

    def test_one_that_is_lost_on_the_way_is_told_with_the_loss(self, run: Any) -> None:
        result = run(
            """
def test_it(assert_roundtrip):
    with pytest.raises(Whole) as caught:
        try: {}["k"]
        except KeyError as missing: raise Whole("x") from missing
    assert_roundtrip(caught, chain=(Whole, KeyError), receiver="with-project")
"""
        )
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "shop.errors.Whole arrives changed: chain *",
                "shop.errors.Whole loses its chain on the way: Whole <- KeyError",
                "  sent      shop.errors.Whole: x",
                "            +- __cause__  KeyError: 'k'",
                "  received  shop.errors.Whole: x",
            ]
        )
        assert result.stdout.str().count("loses its chain on the way") == 1, (
            "once for both serializers"
        )

    def test_a_declared_type_is_what_the_receivers_chain_begins_with(self, run: Any) -> None:
        result = run(
            """
@pytest.mark.portable_exception(raises=StepFailed, arrives_as=RuntimeError, chain=(StepFailed,))
def test_it():
    raise StepFailed("pay", 3)
"""
        )
        result.assert_outcomes(passed=1)


class TestPrimitive:
    def test_by_marker_and_by_fixture(self, run: Any) -> None:
        result = run(
            """
import uuid

@pytest.mark.portable_exception(primitive=True, receiver="with-project")
def test_marker():
    with pytest.raises(Whole): raise Whole("a", uuid.UUID(int=1))

def test_fixture(assert_roundtrip):
    assert_roundtrip(Whole("a", (1,), {2}), primitive=True, receiver="with-project")

@pytest.mark.portable_exception(primitive=True, receiver="with-project")
def test_plain():
    with pytest.raises(Whole): raise Whole("a", 1, None, [2.5], {"b": b"c"})

def test_not_asked(assert_roundtrip):
    assert_roundtrip(Whole("a", uuid.UUID(int=1)), receiver="with-project")
"""
        )
        result.assert_outcomes(passed=2, failed=2)
        result.stdout.fnmatch_lines(
            [
                (
                    "shop.errors.Whole carries a value that is not primitive: exc.args[1]: UUID; "
                    "store str(value)"
                ),
                "shop.errors.Whole carries 2 values that are not primitive: tuple, set",
                "",
                "  exc.args[1]: tuple; store list(value)",
                "  exc.args[2]: set; store sorted(value)",
            ]
        )

    def test_of_a_value(self, run: Any) -> None:
        result = run(
            """
import uuid

def test_one(assert_primitive):
    context = {"request_id": uuid.UUID(int=1)}
    assert_primitive(context)

def test_two(assert_primitive):
    assert_primitive([(1,), {2}])

def test_plain(assert_primitive):
    assert_primitive({"request_id": "1", "scores": [1.5]})
"""
        )
        result.assert_outcomes(passed=1, failed=2)
        result.stdout.fnmatch_lines(
            [
                "context['request_id']: UUID; store str(value)",
                "value holds 2 values that are not primitive: tuple, set",
            ]
        )


@pytest.mark.parametrize(
    ("keyword", "said"),
    [
        ("chain=Whole", "chain=Whole: expected a tuple of exception classes or their dotted names"),
        ("chain=('not a name',)", "chain=('not a name',): expected a tuple"),
        ("primitive=1", "primitive=1: expected True or False"),
    ],
)
def test_what_cannot_be_meant_is_said_at_collection(run: Any, keyword: str, said: str) -> None:
    result = run(f"@pytest.mark.portable_exception({keyword})\ndef test_it(): pass")
    result.assert_outcomes(errors=1)
    assert said in result.stdout.str()


def test_the_fixture_says_what_is_wrong_with_its_chain(run: Any) -> None:
    wrong = (
        "chain=Whole",
        "chain=('not a name',)",
        "chain=(Whole, None)",
        "chain=5",
        "chain=()",
        "primitive='no'",
    )
    result = run(
        "".join(
            f"def test_{number}(assert_roundtrip): assert_roundtrip(Whole('a'), {keyword})\n"
            for number, keyword in enumerate(wrong)
        )
    )
    result.assert_outcomes(failed=len(wrong))
    said = [
        line
        for line in result.outlines
        if re.match(r"E .*PortableErrorsError: assert_roundtrip\(.*\): expected ", line)
    ]
    assert len(said) == len(wrong)
    assert "assert_roundtrip(chain=Whole): expected a tuple of exception classes" in said[0]


def test_a_chain_of_odd_names_ends_no_session(run: Any) -> None:
    pytest.importorskip("xdist")
    source = """
class Odd(Exception): pass
Odd.__qualname__ = "Bad\\ud800\\x1b[31m"
def test_it(assert_roundtrip): assert_roundtrip(Whole("a"), chain=(Whole, Odd), receiver="with-project")
def test_other(): pass
"""
    run(source, "-n", "1").assert_outcomes(passed=1, failed=1)
