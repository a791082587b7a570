"""Causes of an exception that arrived itself, while its chain or the members of its group did
not."""

from __future__ import annotations

import error_zoo as zoo
import pytest
from diagnosis.trips import (
    arrives_whole,
    cause,
    cause_of,
    diagnosed,
    facts,
    group_of,
    needs_groups,
)

from pytest_portable_errors.diagnosis.arrived_changed_links import link_changed
from pytest_portable_errors.diagnosis.causes import diagnose
from pytest_portable_errors.diagnosis.loss import Loss


class TestSuppressionFlipped:
    def test_fires_with_the_flag_before_and_after(self) -> None:
        found = diagnosed(zoo.chained(zoo.CarriesChain("a"), context=KeyError("b")))
        assert (found.cause, found.evidence) == (
            "suppression-flipped",
            ("exc.__suppress_context__", "False", "True"),
        )
        assert "CarriesChain.__reduce__ restores exc.__suppress_context__ as True" in found.why

    def test_silent_where_the_flag_was_set_in_the_first_place(self) -> None:
        exc = zoo.chained(zoo.CarriesChain("a"), context=KeyError("b"))
        exc.__suppress_context__ = True
        assert arrives_whole(exc)

    def test_silent_where_the_context_is_not_carried(self) -> None:
        assert cause_of(zoo.chained(zoo.Portable("a"), context=KeyError("b"))) == "chain-dropped"


class TestLinkChanged:
    @pytest.mark.parametrize(
        ("link", "lost"),
        [
            (zoo.NotFound("b"), "exc.__cause__.args[0]"),
            (zoo.DropsCode("b", 3), "exc.__cause__.code"),
            (zoo.BecomesValueError("b"), "exc.__cause__"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_fires_with_the_link_and_what_it_lost(self, link: BaseException, lost: str) -> None:
        found = diagnosed(zoo.chained(zoo.CarriesChain("a"), cause=link))
        assert (found.cause, found.evidence) == ("link-changed", ("exc.__cause__", lost))
        what = lost.removeprefix("exc.__cause__").lstrip(".") or "its type"
        assert found.why.startswith(f"the exception is carried, and exc.__cause__ loses {what}: ")

    def test_silent_where_the_link_is_dropped(self) -> None:
        assert cause_of(zoo.chained(zoo.Portable("a"), cause=zoo.NotFound("b"))) == "chain-dropped"

    def test_silent_where_the_exception_loses_something_itself(self) -> None:
        exc = zoo.NotFound("a")
        assert cause_of(zoo.chained(exc, cause=zoo.NotFound("b"))) == "init-rewrites-message"


@needs_groups
class TestMemberChanged:
    @pytest.mark.parametrize(
        ("member", "lost"),
        [
            (zoo.NotFound("b"), "exc.exceptions[1].args[0]"),
            (zoo.DropsCode("b", 3), "exc.exceptions[1].code"),
            (zoo.BecomesValueError("b"), "exc.exceptions[1]"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_fires_with_the_member_and_what_it_lost(self, member: Exception, lost: str) -> None:
        found = diagnosed(group_of(KeyError("a"), member))
        assert (found.cause, found.evidence) == ("member-changed", ("exc.exceptions[1]", lost))

    def test_silent_where_the_members_are_whole(self) -> None:
        assert arrives_whole(group_of(KeyError("a"), zoo.Portable("b")))

    def test_silent_where_a_member_is_missing(self) -> None:
        missing = Loss(
            kind="members", path="exc.exceptions", sent="2 members", received="1 members"
        )
        assert link_changed(facts(group_of(KeyError("a")), losses=(missing,))) is None

    def test_silent_where_a_member_cannot_be_rebuilt(self) -> None:
        assert cause_of(group_of(KeyError("a"), zoo.Picky(4))) == "init-rejects-args"


class TestChainDropped:
    def test_fires_with_the_method_and_the_link(self) -> None:
        found = diagnosed(zoo.chained(zoo.Portable("a"), cause=KeyError("b")))
        assert (found.cause, found.evidence) == (
            "chain-dropped",
            ("BaseException.__reduce__", "exc.__cause__"),
        )

    def test_fires_with_a_method_of_the_classes_own(self) -> None:
        found = diagnosed(zoo.chained(zoo.DropsState("a"), context=KeyError("b")))
        assert found.evidence == ("DropsState.__reduce__", "exc.__context__")

    def test_fires_and_blames_the_link_that_dropped_it(self) -> None:
        found = diagnosed(
            zoo.chained(
                zoo.CarriesChain("a"), cause=zoo.chained(KeyError("b"), cause=KeyError("c"))
            )
        )
        assert found.cause == "chain-dropped"
        assert found.evidence[1:] == ("exc.__cause__.__cause__",)
        assert "CarriesChain.__reduce__" not in found.why, "that one carries its cause"

    def test_silent_where_the_chain_is_carried(self) -> None:
        assert arrives_whole(zoo.chained(zoo.CarriesChain("a"), cause=KeyError("b")))

    def test_silent_where_what_is_lost_lies_too_far_down_to_be_told(self) -> None:
        assert (
            cause(
                facts(
                    ValueError("a"),
                    losses=(Loss(kind="chain", path="exc...", sent="s", received="r"),),
                )
            )
            is None
        )

    def test_fires_with_five_links_at_most(self) -> None:
        lost = [
            Loss(
                kind="members",
                path=f"exc.exceptions[{n}].__cause__",
                sent="KeyError",
                received="None",
            )
            for n in range(7)
        ]
        found = diagnose(facts(ValueError("a"), losses=tuple(lost)))
        assert found is not None
        assert found.evidence == (
            "what pickles exc.exceptions[0]",
            *(loss.path for loss in lost[:5]),
        )
        assert found.why.endswith(f" does not carry {', '.join(loss.path for loss in lost[:5])}")

    def test_silent_where_the_chain_would_not_be_printed(self) -> None:
        exc = zoo.chained(zoo.Portable("a"), context=KeyError("b"))
        exc.__suppress_context__ = True
        assert arrives_whole(exc)
