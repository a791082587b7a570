"""Proposes changes that may make an exception arrive; ``sender/fix_trials.py`` tries them."""

from __future__ import annotations

import builtins
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pytest_portable_errors.diagnosis import class_code, class_source
from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.constructor_recipes import (
    constructor_recipes,
    has_plain_slots,
    held_exceptions,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.places import places
from pytest_portable_errors.diagnosis.recipe_target import Named, Target
from pytest_portable_errors.diagnosis.recipes import (
    AndState,
    ByModule,
    Declaration,
    Downgrade,
    Recipe,
    WithoutInit,
)
from pytest_portable_errors.diagnosis.refinements import linked_types
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.described import Record, Stage, subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FixContext:
    """What is known of the project, and of what the receiver has of it."""

    is_ours: Callable[[str], bool]
    """Takes the name of a module: whether it is the project's or a test's."""
    is_absent: Callable[[str], bool]
    """Takes the name of such a module: whether the receiver lacks it."""


def candidates(
    facts: Facts, context: FixContext, *, needs_chain: bool = True, declared: str | None = None
) -> Iterator[Candidate]:
    """Propose changes to try, the least invasive first.

    Args:
        facts: What was lost; ``missing`` tells whether the receiver lacks the class.
        context: Which modules are the project's, and which of them the receiver lacks.
        needs_chain: Whether a chain, where there is one, has to arrive.
        declared: Full name of the type that the exception is declared to arrive as; then that is
            the only candidate. None: as itself.
    """
    node = subject_of(facts.sent)
    lacks_class = not node["importable"] or any(
        (module, qualname) == (facts.cls.__module__, facts.cls.__qualname__)
        for module, qualname, _ in facts.missing
    )
    if not node["importable"]:
        if context.is_ours(facts.cls.__module__) and class_source.public_names(facts.cls):
            return  # its own names are to be set right, and nothing else
        yield from _declaration(facts)
    is_chained = needs_chain and (node["cause"] is not None or node["context"] is not None)
    found = list(places(facts, context.is_ours))
    if lacks_class or declared is not None:
        found = found[-1:]  # what one class becomes is no affair of its bases
    for owner, target in found:
        proposal = _Proposal(
            facts=facts, context=context, owner=owner, target=target, is_chained=is_chained
        )
        if declared is not None:
            yield proposal.as_declared(declared)
        elif lacks_class:
            yield from proposal.downgrades(lacks_class=True)
        else:
            yield from proposal.repairs(needs_chain=needs_chain)


def _declaration(facts: Facts) -> Iterator[Candidate]:
    """Declare what arrives, where the class has no name to register a reducer for."""
    arrived = None if facts.received is None else subject_of(facts.received)
    if arrived is None or not arrived["importable"]:
        return
    becomes = short_name(arrived["type"])
    yield Candidate(
        title=(
            f"declare that {short_name(subject_of(facts.sent)['type'])} arrives as {becomes}: "
            f"arrives_as={becomes.rpartition('.')[2]}"
        ),
        recipe=Declaration(becomes=becomes),
        target=Target(module=facts.cls.__module__, qualname=facts.cls.__qualname__, method=""),
        arrives_as=arrived["type"],
        gives_up=("exc.__class__",),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proposal:
    """Changes at one place."""

    facts: Facts
    context: FixContext
    owner: type
    """The class that gets the code."""
    target: Target
    is_chained: bool
    """Whether there is a chain, and it has to arrive."""

    @property
    def name(self) -> str:
        """The class, for people."""
        return short_name(f"{self.target.module}.{self.target.qualname}")

    @property
    def change(self) -> str:
        """What is done there: ``add __reduce__ to shop.errors.PaymentError``."""
        if not self.target.method:
            return f"register a reducer for {self.name}"
        if self.target.replaces:
            return f"replace {self.target.method} of {self.name}"
        return f"add {self.target.method} to {self.name}"

    def repairs(self, *, needs_chain: bool) -> Iterator[Candidate]:
        """Let the exception arrive as what it is, the least invasive change first."""
        facts, in_class = self.facts, bool(self.target.method)
        if not self.is_chained and not in_class and facts.reducer is not None:
            yield self._candidate(AndState(), ", which adds to what its own gives")
        # Errors of libraries are usually raised from others, even if this one was not.
        keeps_chain = needs_chain and (self.is_chained or not in_class)
        by_constructor = [
            self._candidate(recipe, ", which calls it with what it stored")
            for recipe in constructor_recipes(self.owner, subject_of(facts.sent))
        ]
        if not keeps_chain:
            yield from by_constructor
        base = class_source.built_in_base(self.owner)
        has_setter = class_code.own_setstate(facts.cls) is not None
        setters = (False, True) if has_setter else (False,)
        if not keeps_chain and base.__module__ == "builtins":
            for with_setter in setters:
                yield self._candidate(
                    WithoutInit(
                        base=base.__name__,
                        slots=tuple(fields.slots_in(self.owner)),
                        any_slots=has_plain_slots(self.owner),
                        fields=tuple(fields.base_fields(self.owner)),
                        with_setter=with_setter,
                        shadows_args=any(
                            "args" in fields.class_dict(one)
                            for one in fields.mro_of(self.owner)
                            if fields.module_of(one) != "builtins"
                        ),
                    ),
                    ", which does not call __init__",
                )
        held = held_exceptions(subject_of(facts.sent))
        # Where they alone are lost, their classes are to be repaired, and not this one.
        is_at_fault = facts.stage is not Stage.ARRIVED or not all(
            loss.path.startswith(held) for loss in facts.losses
        )
        holds = (True, False) if held and is_at_fault else (False,)
        for holds_exceptions, with_setter in itertools.product(holds, setters):
            chain = replace(
                self._with_chain(), holds_exceptions=holds_exceptions, with_setter=with_setter
            )
            yield self._candidate(
                chain,
                ", which does not call __init__",
                gives_up=_links_as_text(chain, facts.sent),
            )
        if keeps_chain:
            yield from by_constructor  # for classes that refuse to have their state set
        if not in_class and class_source.built_in_base(self.owner).__module__ == "builtins":
            yield from self._by_module()
        # A base in place of the class is the last resort.
        yield from self.downgrades(lacks_class=False)

    def _by_module(self) -> Iterator[Candidate]:
        """Let it arrive as itself, or as a base that others name, with what can travel."""
        known = self._with_chain().known
        yield self._candidate(ByModule(known=known), ", which keeps of each value what can travel")
        for base in self.owner.__mro__[1:]:
            if base.__module__ == "builtins":
                return
            is_public = not any(part.startswith("_") for part in fields.type_name(base).split("."))
            if is_public and fields.is_importable(base):
                yield Candidate(
                    title=(
                        f"let {self.name} arrive as {fields.type_name(base)}, with its message "
                        "and what can travel"
                    ),
                    recipe=ByModule(known=known, becomes=Named(base.__module__, base.__qualname__)),
                    target=self.target,
                    arrives_as=fields.type_name(base),
                    gives_up=("exc.__class__",),
                )

    def as_declared(self, declared: str) -> Candidate:
        """Let the exception arrive as the type that is declared; no other change would do that."""
        facts = self.facts
        module, _, qualname = declared.rpartition(".")
        recipe: Recipe = Downgrade(base=qualname, lacks_class=True)
        converted: tuple[str, ...] = ()
        if self.is_chained or module != "builtins" or subject_of(facts.sent)["notes"] is not None:
            # A base of that full name goes first: requests' ConnectionError is not Python's.
            built_in = getattr(builtins, qualname) if module == "builtins" else None
            base = next(
                (base for base in facts.cls.__mro__ if fields.type_name(base) == declared),
                built_in,
            )
            chain = self._with_chain(base)
            recipe = replace(chain, becomes=Named(module, qualname))
            converted = _links_as_text(chain, facts.sent)
        return Candidate(
            title=f"let {self.name} arrive as {short_name(declared)}, as is declared",
            recipe=recipe,
            target=self.target,
            arrives_as=declared,
            gives_up=converted,
        )

    def downgrades(self, *, lacks_class: bool) -> Iterator[Candidate]:
        """Let the exception arrive as one of its bases that the receiver has, the nearest first.

        A message that one base would write otherwise (KeyError's) needs the next.
        """
        facts = self.facts
        keeps_more = self.is_chained or subject_of(facts.sent)["notes"] is not None
        for base in self.owner.__mro__:
            if base in (BaseException, object):
                continue
            becomes = Named(base.__module__, base.__qualname__)
            if base.__module__ != "builtins":
                is_foreign = base is not facts.cls and not self.context.is_ours(base.__module__)
                if is_foreign and issubclass(base, BaseException) and fields.is_importable(base):
                    chain = self._with_chain(base)
                    yield Candidate(
                        title=(
                            f"let {self.name} arrive as {becomes}, and say so: "
                            f"arrives_as={base.__name__}"
                        ),
                        recipe=replace(chain, becomes=becomes),
                        target=self.target,
                        arrives_as=str(becomes),
                        gives_up=("exc.__class__", *_links_as_text(chain, facts.sent)),
                    )
                continue
            recipe: Recipe = Downgrade(base=base.__name__, lacks_class=lacks_class)
            converted: tuple[str, ...] = ()
            if keeps_more:
                chain = self._with_chain(base if lacks_class else None)
                recipe = replace(chain, becomes=becomes)
                converted = _links_as_text(chain, facts.sent)
            yield Candidate(
                title=(
                    f"let {self.name} arrive as {base.__name__}, with its message, and say so: "
                    f"arrives_as={base.__name__}"
                ),
                recipe=recipe,
                target=self.target,
                arrives_as=f"builtins.{base.__name__}",
                gives_up=("exc.__class__", *converted),
            )
            if base is Exception:
                return

    def _candidate(self, recipe: Recipe, how: str, gives_up: tuple[str, ...] = ()) -> Candidate:
        return Candidate(
            title=f"{self.change}{how}", recipe=recipe, target=self.target, gives_up=gives_up
        )

    def _with_chain(self, arrives_as: type | None = None) -> WithChain:
        """Send as they are what the receiver has.

        That is the class that arrives, and the links of its packages.
        """
        own_package = (arrives_as or self.facts.cls).__module__.partition(".")[0]
        nodes = self.facts.sent["exceptions"]
        modules = [node["type"].rpartition(".")[0] for node in nodes if node["importable"]]
        link_packages = [
            module.partition(".")[0]
            for module in modules
            if not self.context.is_ours(module) or not self.context.is_absent(module)
        ]
        packages = dict.fromkeys(
            package
            for package in (own_package, *link_packages)
            if package not in sys.stdlib_module_names
        )
        return WithChain(
            known=tuple(packages),
            has_groups=any(node.get("members") is not None for node in nodes),
        )


def _links_as_text(recipe: WithChain, sent: Record) -> tuple[str, ...]:
    """Paths of the links that the recipe sends as text."""
    packages = sys.stdlib_module_names | set(recipe.known)
    return tuple(
        path for path, name in linked_types(sent).items() if name.partition(".")[0] not in packages
    )
