"""Changes candidates that did not suffice: what stopped or exposed something is left out."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TypeVar

from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.recipes import Recipe, WithoutInit
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver.described import Record

T = TypeVar("T")


def linked_types(record: Record) -> dict[str, str]:
    """The exceptions that a record's subject is chained to, and the members of groups.

    Returns:
        The full name of the class by the path of each exception, the nearest first; one that has
        several paths, by the shortest.
    """
    nodes = record["exceptions"]
    types: dict[str, str] = {}
    waiting, visited = deque([("exc", 0)]), {0}
    while waiting:
        path, index = waiting.popleft()
        node = nodes[index]
        steps = [("__cause__", node.get("cause")), ("__context__", node.get("context"))]
        steps += [
            (f"exceptions[{n}]", member) for n, member in enumerate(node.get("members") or ())
        ]
        for step, inner in steps:
            if isinstance(inner, int) and inner < len(nodes) and inner not in visited:
                visited.add(inner)
                types[f"{path}.{step}"] = str(nodes[inner]["type"])
                waiting.append((f"{path}.{step}", inner))
    return types


def is_of_its_own(path: str) -> bool:
    """Whether a path leads to the subject or a value of it, and not through a link or member."""
    return not ValuePath.of(path).links


def without_obstacle(
    candidate: Candidate, stopped_at: str, sent: Record, *, is_stuck: bool
) -> Candidate | None:
    """The candidate without the value or the link at which its trip failed.

    An argument of the subject is sent as text, an attribute as None; if that was done already, the
    link is sent as text.

    Args:
        candidate: What was tried.
        stopped_at: Path of the value at which dumps or loads failed.
        sent: The record of what was tried.
        is_stuck: Whether dumps failed there. Then only what cannot be pickled is left behind, which
            the reducer can find out each time; what loads refuses is always.

    Returns:
        The changed candidate; None if its recipe cannot leave that out, or does so already.
    """
    recipe = candidate.recipe
    if not isinstance(recipe, (WithoutInit, WithChain)):
        return None
    held, path = ValuePath.of(stopped_at).held, ValuePath.of(stopped_at)
    without: Recipe = recipe
    if held is not None and held.argument is not None and held.is_of_subject:
        without = (
            replace(recipe, stuck_args=True)
            if is_stuck and not recipe.stuck_args
            else replace(recipe, as_text=_with_added(recipe.as_text, held.argument))
        )
    elif held is not None and held.attribute is not None and held.attribute.isidentifier():
        without = (
            replace(recipe, stuck=_with_added(recipe.stuck, held.attribute))
            if is_stuck and held.attribute not in (*recipe.stuck, "__notes__")
            else replace(recipe, dropped=_with_added(recipe.dropped, held.attribute))
        )
    if held is not None and without != recipe:
        return _giving_up(candidate, without, held.path)
    # The link itself cannot be sent, whatever is left out of it.
    link_type = linked_types(sent).get(path.exception)
    if link_type is None or not isinstance(recipe, WithChain):
        return None
    as_text = replace(recipe, links_as_text=_with_added(recipe.links_as_text, link_type))
    return None if as_text == recipe else _giving_up(candidate, as_text, path.exception)


def without_credentials(candidate: Candidate, exposed: tuple[str, ...]) -> Candidate | None:
    """The candidate without the credentials that it would send.

    Credentials in headers are left out with the headers; if that was tried already, or they lie
    elsewhere, the attributes that hold them are dropped.

    Args:
        candidate: What was tried.
        exposed: Paths of the credentials that it sent.

    Returns:
        The changed candidate; None if its recipe is not ``WithChain``, or no attribute is left to
        be dropped.
    """
    recipe = candidate.recipe
    if not isinstance(recipe, WithChain):
        return None
    headers = {path: header for path in exposed if (header := ValuePath.of(path).header)}
    if headers and not recipe.headers:
        without = replace(recipe, headers=tuple(dict.fromkeys(headers.values())))
        return _giving_up(candidate, without, *headers)
    # Copies without headers did not suffice, and are given up: if another credential needs them,
    # the next trip exposes it, and they are made again.
    holders = [held for path in exposed if (held := ValuePath.of(path).held) and held.attribute]
    names = [holder.attribute for holder in holders if holder.attribute is not None]
    without = replace(recipe, headers=(), dropped=_with_added(recipe.dropped, *names))
    if without == recipe:
        return None
    return _giving_up(candidate, without, *(holder.path for holder in holders))


def _giving_up(candidate: Candidate, recipe: Recipe, *paths: str) -> Candidate:
    return replace(candidate, recipe=recipe, gives_up=_with_added(candidate.gives_up, *paths))


def _with_added(values: tuple[T, ...], *added: T) -> tuple[T, ...]:
    """The values and then those added, each once."""
    return tuple(dict.fromkeys((*values, *added)))
