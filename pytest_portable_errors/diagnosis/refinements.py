"""What to change about a candidate that did not suffice."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TypeVar

from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.recipes import (
    Recipe,
    WithoutInit,
)
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver.described import Record

T = TypeVar("T")


def links(record: Record) -> dict[str, str]:
    """The exceptions that it is chained to, and members of groups: their paths and types."""
    nodes = record["exceptions"]
    found: dict[str, str] = {}
    waiting, seen = deque([("exc", 0)]), {0}
    while waiting:
        path, index = waiting.popleft()
        node = nodes[index]
        steps = [("__cause__", node.get("cause")), ("__context__", node.get("context"))]
        steps += [
            (f"exceptions[{n}]", member) for n, member in enumerate(node.get("members") or ())
        ]
        for step, inner in steps:
            if isinstance(inner, int) and inner < len(nodes) and inner not in seen:
                seen.add(inner)
                found[f"{path}.{step}"] = str(nodes[inner]["type"])
                waiting.append((f"{path}.{step}", inner))
    return found


def is_of_its_own(path: str) -> bool:
    """Whether a path leads to what the exception itself stores, and not to a link of its chain or
    to a member."""
    return not ValuePath.of(path).links


def without_changed(candidate: Candidate, lost: tuple[str, ...], sent: Record) -> Candidate | None:
    """The candidate without the exception's own values that do arrive, but as something else; None
    if there are none."""
    for path in lost:
        held = ValuePath.of(path).held
        if held is not None and held.is_of_subject and not candidate.covers(path):
            return without_obstacle(candidate, path, sent)
    return None


def without_obstacle(candidate: Candidate, stopped_at: str, sent: Record) -> Candidate | None:
    """The candidate without what stopped it.

    Args:
        candidate: What was tried.
        stopped_at: Path of the value at which dumps or loads failed.
        sent: The record of what was tried.

    Returns:
        The changed candidate; None if its recipe leaves nothing out, or nothing is left to change.
    """
    recipe = candidate.recipe
    if not isinstance(recipe, (WithoutInit, WithChain)):
        return None
    held, path = ValuePath.of(stopped_at).held, ValuePath.of(stopped_at)
    if held is not None and held.argument is not None and held.is_of_subject:
        without = replace(recipe, as_text=_more(recipe.as_text, held.argument))
        if without != recipe:
            return _giving_up(candidate, without, held.path)
    elif held is not None and held.attribute is not None:
        without = replace(recipe, dropped=_more(recipe.dropped, held.attribute))
        if without != recipe:
            return _giving_up(candidate, without, held.path)
    # The link itself refuses, whatever is left out of it.
    of_class = links(sent).get(path.exception)
    if of_class is None or not isinstance(recipe, WithChain):
        return None
    as_text = replace(recipe, links_as_text=_more(recipe.links_as_text, of_class))
    return None if as_text == recipe else _giving_up(candidate, as_text, path.exception)


def without_credentials(candidate: Candidate, exposed: tuple[str, ...]) -> Candidate | None:
    """The candidate without the credentials that it would put on the wire.

    Args:
        candidate: What was tried.
        exposed: Paths of the credentials.

    Returns:
        The changed candidate; None if its recipe leaves nothing out, or nothing is left to change.
    """
    recipe = candidate.recipe
    if not isinstance(recipe, WithChain):
        return None
    headers = {path: header for path in exposed if (header := ValuePath.of(path).header)}
    if headers and not recipe.headers:
        without = replace(recipe, headers=tuple(dict.fromkeys(headers.values())))
        return _giving_up(candidate, without, *headers)
    # Copying what has headers did not help. If something else needs it, that will be seen again.
    held = [held for path in exposed if (held := ValuePath.of(path).held) and held.attribute]
    names = [each.attribute for each in held if each.attribute is not None]
    without = replace(recipe, headers=(), dropped=_more(recipe.dropped, *names))
    if without == recipe:
        return None
    return _giving_up(candidate, without, *(each.path for each in held))


def _giving_up(candidate: Candidate, recipe: Recipe, *paths: str) -> Candidate:
    return replace(candidate, recipe=recipe, gives_up=_more(candidate.gives_up, *paths))


def _more(known: tuple[T, ...], *added: T) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*known, *added)))
