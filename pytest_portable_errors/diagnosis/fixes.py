"""Proposes changes that may make an exception arrive; ``sender/fix_trials.py`` tries them."""

from __future__ import annotations

import builtins
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pytest_portable_errors.diagnosis import class_source
from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.recipe_target import Named, Target
from pytest_portable_errors.diagnosis.recipes import (
    AndState,
    ByConstructor,
    Downgrade,
    Recipe,
    WithoutInit,
)
from pytest_portable_errors.diagnosis.refinements import linked_types
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.described import Node, Record, Stage, subject_of


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
    name = short_name(node["type"])
    target = Target(
        module=facts.cls.__module__,
        qualname=facts.cls.__qualname__,
        # A class that a library makes (Django's Order.DoesNotExist) has no body to paste anything
        # into.
        in_class=context.is_ours(facts.cls.__module__)
        and class_source.place_of(facts.cls) is not None,
        importable=node["importable"],
    )
    is_chained = needs_chain and (node["cause"] is not None or node["context"] is not None)
    lacks_class = not node["importable"] or any(
        (module, qualname) == (target.module, target.qualname)
        for module, qualname, _ in facts.missing
    )
    if declared is not None:
        yield _as_declared(facts, target, name, context, declared, is_chained=is_chained)
        return
    if lacks_class:
        yield from _downgrades(
            facts, target, name, context, is_chained=is_chained, lacks_class=True
        )
        return
    change = f"add __reduce__ to {name}" if target.in_class else f"register a reducer for {name}"
    if (
        not is_chained
        and not target.in_class
        and facts.stage is Stage.ARRIVED
        and _has_own_reducer(facts.cls)
    ):
        yield Candidate(
            title=f"{change}, which adds to what its own gives", recipe=AndState(), target=target
        )
    # Errors of libraries are usually raised from others, even if this one was not.
    keeps_chain = needs_chain and (is_chained or not target.in_class)
    by_constructor = [
        Candidate(
            title=f"{change}, which calls it with what it stored", recipe=recipe, target=target
        )
        for recipe in _constructor_recipes(facts.cls, node)
    ]
    if not keeps_chain:
        yield from by_constructor
    base = class_source.built_in_base(facts.cls)
    if not keeps_chain and base.__module__ == "builtins":
        recipe = WithoutInit(base=base.__name__, fields=tuple(fields.field_names(facts.cls)))
        yield Candidate(
            title=f"{change}, which does not call __init__", recipe=recipe, target=target
        )
    chain = _with_chain(facts, context)
    title = f"{change}, which does not call __init__ and keeps the chain"
    yield Candidate(
        title=title, recipe=chain, target=target, gives_up=_links_as_text(chain, facts.sent)
    )
    if keeps_chain:
        yield from by_constructor  # for classes that refuse to have their state set
    # A base in place of the class is the last resort.
    yield from _downgrades(facts, target, name, context, is_chained=is_chained, lacks_class=False)


def _as_declared(
    facts: Facts, target: Target, name: str, context: FixContext, declared: str, *, is_chained: bool
) -> Candidate:
    """Let the exception arrive as the type that is declared; no other change would do that."""
    module, _, qualname = declared.rpartition(".")
    recipe: Recipe = Downgrade(base=qualname, lacks_class=True)
    converted: tuple[str, ...] = ()
    if is_chained or module != "builtins" or subject_of(facts.sent)["notes"] is not None:
        # A base of that full name goes first: requests' ConnectionError is not Python's.
        built_in = getattr(builtins, qualname) if module == "builtins" else None
        base = next(
            (base for base in facts.cls.__mro__ if fields.type_name(base) == declared), built_in
        )
        chain = _with_chain(facts, context, base)
        recipe, converted = (
            replace(chain, becomes=Named(module, qualname)),
            _links_as_text(chain, facts.sent),
        )
    return Candidate(
        title=f"let {name} arrive as {declared.removeprefix('builtins.')}, as is declared",
        recipe=recipe,
        target=target,
        arrives_as=declared,
        gives_up=converted,
    )


def _downgrades(
    facts: Facts,
    target: Target,
    name: str,
    context: FixContext,
    *,
    is_chained: bool,
    lacks_class: bool,
) -> Iterator[Candidate]:
    """Let the exception arrive as one of its bases that the receiver has, the nearest first.

    A message that one base would write otherwise (KeyError's) needs the next.
    """
    keeps_more = is_chained or subject_of(facts.sent)["notes"] is not None
    for base in facts.cls.__mro__:
        if base in (BaseException, object):
            continue
        becomes = Named(base.__module__, base.__qualname__)
        if base.__module__ != "builtins":
            is_foreign = base is not facts.cls and not context.is_ours(base.__module__)
            if is_foreign and issubclass(base, BaseException) and fields.is_importable(base):
                chain = _with_chain(facts, context, base)
                yield Candidate(
                    title=f"let {name} arrive as {becomes}, and say so: arrives_as={base.__name__}",
                    recipe=replace(chain, becomes=becomes),
                    target=target,
                    arrives_as=str(becomes),
                    gives_up=("exc.__class__", *_links_as_text(chain, facts.sent)),
                )
            continue
        recipe: Recipe = Downgrade(base=base.__name__, lacks_class=lacks_class)
        converted: tuple[str, ...] = ()
        if keeps_more:
            chain = _with_chain(facts, context, base if lacks_class else None)
            recipe, converted = replace(chain, becomes=becomes), _links_as_text(chain, facts.sent)
        if base is facts.cls:
            yield Candidate(
                title=f"send {name} with its message alone",
                recipe=recipe,
                target=target,
                gives_up=("exc.args", *converted),
            )
            continue
        yield Candidate(
            title=(
                f"let {name} arrive as {base.__name__}, with its message, and say so: "
                f"arrives_as={base.__name__}"
            ),
            recipe=recipe,
            target=target,
            arrives_as=f"builtins.{base.__name__}",
            gives_up=("exc.__class__", *converted),
        )
        if base is Exception:
            return


def _with_chain(facts: Facts, context: FixContext, arrives_as: type | None = None) -> WithChain:
    """Send as they are what the receiver has: the class that arrives, and links of its packages."""
    own_package = (arrives_as or facts.cls).__module__.partition(".")[0]
    nodes = facts.sent["exceptions"]
    modules = [node["type"].rpartition(".")[0] for node in nodes if node["importable"]]
    link_packages = [
        module.partition(".")[0]
        for module in modules
        if not context.is_ours(module) or not context.is_absent(module)
    ]
    packages = dict.fromkeys(
        package
        for package in (own_package, *link_packages)
        if package not in sys.stdlib_module_names
    )
    return WithChain(
        known=tuple(packages), has_groups=any(node.get("members") is not None for node in nodes)
    )


def _links_as_text(recipe: WithChain, sent: Record) -> tuple[str, ...]:
    """Paths of the links that the recipe sends as text."""
    packages = sys.stdlib_module_names | set(recipe.known)
    return tuple(
        path for path, name in linked_types(sent).items() if name.partition(".")[0] not in packages
    )


def _constructor_recipes(cls: type, node: Node) -> Iterator[ByConstructor]:
    """Call the class with the attributes that bear the names of its parameters, if they suffice.

    First with its state, then without, for a class that refuses to have attributes set.
    """
    constructor = class_source.own_constructor(cls)
    signature = None if constructor is None else class_source.signature(constructor)
    if signature is None:
        return
    stored = set(node["attributes"])
    positional: list[str] = []
    keyword: list[tuple[str, str]] = []
    for parameter in list(signature.parameters.values())[1:]:
        attribute = next(
            (name for name in (parameter.name, f"_{parameter.name}") if name in stored), None
        )
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        if attribute is None:
            if parameter.default is inspect.Parameter.empty:
                return
            break  # parameters after it can only be passed by name; the state restores them
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            keyword.append((parameter.name, attribute))
        else:
            positional.append(attribute)
    recipe = ByConstructor(positional=tuple(positional), keyword=tuple(keyword))
    yield recipe
    yield replace(recipe, with_state=False)


def _has_own_reducer(cls: type) -> bool:
    return any(
        vars(owner).get("__reduce__") for owner in cls.__mro__ if owner.__module__ != "builtins"
    )
