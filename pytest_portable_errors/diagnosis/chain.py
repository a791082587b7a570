"""The chain that Python would print of a record: each exception with the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_portable_errors.diagnosis.shown import headline, short_name
from pytest_portable_errors.receiver.described import Node, Record

_SHOWN = 12


def printed_chain(record: Record) -> list[str]:
    """Types of the chain, the outermost first."""
    return [node["type"] for _, node in _links(record)]


def chain_tree(record: Record) -> list[str]:
    """The chain as lines, each link below the exception that it belongs to."""
    links = list(_links(record))
    lines = [
        f"{_indent(depth, name)}{headline(node)}"
        for depth, (name, node) in enumerate(links[:_SHOWN])
    ]
    if len(links) > _SHOWN:
        return [*lines, f"{_indent(_SHOWN, '')}... and {len(links) - _SHOWN} more"]
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
    """The same of types alone."""
    return [f"{_indent(depth, '')}{short_name(name)}" for depth, name in enumerate(types)]


def _links(record: Record) -> Iterator[tuple[str, Node]]:
    """Each with the name under which the one above it holds it."""
    index: int | None = 0
    name, seen = "", set[int]()
    while index is not None and index not in seen and index < len(record["exceptions"]):
        seen.add(index)
        node = record["exceptions"][index]
        yield name, node
        if "args" not in node:
            return  # what arrived need not be an exception
        name = "__context__" if node["cause"] is None else "__cause__"
        index = node["context"] if node["cause"] is None else node["cause"]


def _indent(depth: int, name: str) -> str:
    return "" if depth == 0 else f"{'   ' * (depth - 1)}+- {name}{'  ' if name else ''}"
