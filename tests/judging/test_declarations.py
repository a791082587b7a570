"""What a project declares of a class holds for its subclasses, the closest wins, and what is no
declaration is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from pytest_portable_errors.building.build import CannotBuild
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations, Expected, declarations
from pytest_portable_errors.receiver.fields import type_name
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.survey import population


class Base(Exception):
    pass


class Middle(Base):
    pass


class Leaf(Middle, ValueError):
    pass


def declared(
    expect: Mapping[str, str] | None = None,
    *,
    without: Sequence[Expected] = (),
    ignore: tuple[str, ...] = (),
    expect_hooks: tuple[object, ...] = (),
    instances_hooks: tuple[object, ...] = (),
) -> Declarations:
    return declarations(
        expect=[Expected(cls=cls, arrives_as=target) for cls, target in (expect or {}).items()]
        + list(without),
        ignore=ignore,
        expect_hooks=expect_hooks,
        instances_hooks=instances_hooks,
    )


def test_attributes_may_be_lost_of_a_class_and_its_subclasses() -> None:
    both = declared(
        without=[
            Expected(cls=type_name(Base), without=("client",)),
            Expected(cls=type_name(Middle), without=("pool", "client")),
        ]
    )
    assert both.may_lose(Leaf) == ("pool", "client")
    assert both.may_lose(Base) == ("client",)
    assert both.may_lose(ValueError) == ()
    assert both.expected_of(Leaf) == [type_name(Middle), type_name(Base)]
    assert both.arrives_as(Leaf) is None


def test_a_hook_s_licence_for_every_loss_is_refused() -> None:
    with pytest.raises(PortableErrorsError, match="without NAME"):
        declared(expect_hooks=({Base: Base},))


def test_nothing_is_declared() -> None:
    nothing = declared()
    assert nothing.arrives_as(Leaf) is None
    assert nothing.factory(Leaf) is None
    assert not nothing.ignores(Leaf)


def test_a_change_of_type_covers_subclasses_and_the_closest_wins() -> None:
    both = declared(
        {
            type_name(Base): "builtins.KeyError",
            type_name(Middle): "builtins.OSError",
            "builtins.ValueError": "a.B",
        }
    )
    assert [both.arrives_as(cls) for cls in (Base, Middle, Leaf)] == [
        "builtins.KeyError",
        "builtins.OSError",
        "builtins.OSError",
    ]
    assert both.arrives_as(ValueError) == "a.B"
    assert both.arrives_as(Exception) is None


def test_the_hook_takes_classes_and_names_and_a_setting_goes_before_it() -> None:
    by_hook = declared(
        expect_hooks=({Base: KeyError}, {type_name(Base): OSError, type_name(Middle): "a.B"})
    )
    assert by_hook.expect == {type_name(Base): "builtins.KeyError", type_name(Middle): "a.B"}
    by_both = declared({type_name(Base): "c.D"}, expect_hooks=({Base: KeyError},))
    assert by_both.arrives_as(Base) == "c.D"


def test_names_and_globs_are_ignored_without_their_subclasses() -> None:
    here = __name__
    assert declared(ignore=(f"{here}.Base",)).ignores(Base)
    assert not declared(ignore=(f"{here}.Base",)).ignores(Middle)
    assert declared(ignore=(f"{here}.*",)).ignores(Leaf)
    assert declared(ignore=("*.L?af",)).ignores(Leaf)
    assert not declared(ignore=("*.l?af", "Leaf", "Base")).ignores(Leaf)


NO_MAPPINGS = [7, None, [(Base, KeyError)], Base]


@pytest.mark.parametrize("result", NO_MAPPINGS, ids=repr)
def test_a_hook_that_gives_no_mapping_is_told_with_an_example(result: object) -> None:
    with pytest.raises(
        PortableErrorsError,
        match=(
            "pytest_portable_errors_expect must return a mapping such as {StepFailed: RuntimeError}"
        ),
    ):
        declared(expect_hooks=(result,))
    with pytest.raises(
        PortableErrorsError,
        match=(
            "pytest_portable_errors_instances must return a mapping such as {PaymentError: lambda"
        ),
    ):
        declared(instances_hooks=(result,))


@pytest.mark.parametrize("name", [7, "Leaf", "app.Step-Failed", "", ".", int, Base("a")], ids=repr)
def test_what_is_no_class_is_told(name: object) -> None:
    message = "expected an exception class, or its dotted name such as 'builtins.RuntimeError'"
    for wrong in ({name: KeyError}, {Base: name}):
        with pytest.raises(PortableErrorsError, match=message):
            declared(expect_hooks=(wrong,))
    with pytest.raises(PortableErrorsError, match=message):
        declared(instances_hooks=({name: Base},))


def test_what_is_no_function_is_told() -> None:
    with pytest.raises(
        PortableErrorsError,
        match=r"instances: 7 for .*\.Base: expected a function, as in {PaymentError: lambda",
    ):
        declared(instances_hooks=({Base: 7},))


class TestInstances:
    def built(
        self, factory: Callable[[Any], Any], cls: type[BaseException] = Leaf
    ) -> list[tuple[str, BaseException]]:
        """How each instance of the class came about, by a factory for its base."""
        (case,) = population.cases(
            [cls], serializers=["pickle"], declared=declared(instances_hooks=({Base: factory},))
        )
        case.outgoing(Serializers(), traceback=False)  # they can be pickled
        return [(variant.how, variant.exc) for variant in case.subject.instances()]

    def test_the_factory_is_given_the_subclass(self) -> None:
        (how, exc), (later, added) = self.built(lambda cls: cls("a"))
        assert (type(exc), exc.args, how) == (Leaf, ("a",), "by pytest_portable_errors_instances")
        assert later == f"{how} with a note and an attribute added later"
        # set by what is tested
        assert (added.__notes__, added.added_by_the_survey) == (  # type: ignore[attr-defined]
            ["note added later"],
            "text added later",
        )

    def test_several_instances(self) -> None:
        assert [exc.args for _, exc in self.built(lambda cls: (cls(n) for n in range(2)))][:2] == [
            (0,),
            (1,),
        ]

    def test_what_it_gives_afresh_does_not_have_the_additions(self) -> None:
        assert not hasattr(self.built(lambda cls: cls("a"))[0][1], "added_by_the_survey")

    @pytest.mark.parametrize(
        ("factory", "reason"),
        [
            (lambda _: Base("a"), "gave Base for Leaf"),
            (lambda _: [Leaf("a"), KeyError("a")], "gave KeyError for Leaf"),
            (lambda _: [7], "gave int for Leaf"),
            (lambda _: [], "gave nothing for Leaf"),
            (
                lambda _: None,
                "for Leaf: TypeError: it gave NoneType: expected an instance of Leaf, or several",
            ),
            (lambda _: 7, "it gave int: expected an instance of Leaf, or several"),
            (lambda _: "Leaf", "it gave str: expected an instance of Leaf, or several"),
            (lambda _: 1 / 0, "for Leaf: ZeroDivisionError: division by zero"),
            (lambda: Leaf("a"), "for Leaf: TypeError: "),
            (
                lambda cls: (cls(1 / n) for n in (1, 0)),
                "for Leaf: ZeroDivisionError: division by zero",
            ),
            (lambda _: Leaf, "it gave type: expected an instance of Leaf, or several"),
        ],
    )
    def test_what_is_no_instance_is_told(self, factory: Callable[[Any], Any], reason: str) -> None:
        with pytest.raises(CannotBuild, match="pytest_portable_errors_instances") as caught:
            self.built(factory)
        assert reason in str(caught.value)
