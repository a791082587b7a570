"""The chain that Python would print of a record: each exception, and its cause or context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_portable_errors.diagnosis.shown import headline, short_name
from pytest_portable_errors.receiver.described import Node, Record

_MOST_LINES = 12  # exceptions of a chain that are shown


def printed_chain(record: Record) -> list[str]:
    """Full names of the types of a chain, the record's subject first: ``builtins.ValueError``."""
    return [node["type"] for _, node in _links(record)]


def chain_tree(record: Record) -> list[str]:
    """Write a chain as lines, each exception indented below the one that it belongs to.

    Returns:
        A line for each of the first 12 exceptions; one more says how many follow, or that a
        context is hidden (``raise ... from None``).
    """
    links = list(_links(record))
    lines = [
        f"{_indent(depth, name)}{headline(node)}"
        for depth, (name, node) in enumerate(links[:_MOST_LINES])
    ]
    if len(links) > _MOST_LINES:
        return [*lines, f"{_indent(_MOST_LINES, '')}... and {len(links) - _MOST_LINES} more"]
    hides = links[-1][1].get("hides_context")
    return [
        *lines,
        *(
            [f"{_indent(len(links), '')}(what came before is hidden: raised from None)"]
            if hides
            else []
        ),
    ]


def expected_tree(types: Sequence[str]) -> list[str]:
    """Write the full names of types as ``chain_tree`` writes a chain, without messages."""
    return [f"{_indent(depth, '')}{short_name(name)}" for depth, name in enumerate(types)]


def _links(record: Record) -> Iterator[tuple[str, Node]]:
    """Each exception with the attribute of the one above that holds it; ``""`` for the first."""
    index: int | None = 0
    name, visited = "", set[int]()
    while index is not None and index not in visited and index < len(record["exceptions"]):
        visited.add(index)
        node = record["exceptions"][index]
        yield name, node
        if "args" not in node:
            return  # what arrived need not be an exception
        name = "__context__" if node["cause"] is None else "__cause__"
        index = node["context"] if node["cause"] is None else node["cause"]


def _indent(depth: int, name: str) -> str:
    return "" if depth == 0 else f"{'   ' * (depth - 1)}+- {name}{'  ' if name else ''}"
