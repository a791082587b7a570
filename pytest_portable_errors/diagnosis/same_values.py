"""Whether two described values are the same, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_portable_errors.diagnosis.shown import (
    show,
)
from pytest_portable_errors.receiver.canonical import canonical, in_any_order
from pytest_portable_errors.receiver.described import (
    Value,
)


def narrowed(
    path: str, sent: Value | None, received: Value | None
) -> tuple[str, Value | None, Value | None]:
    """Down to the one value inside that differs, as long as it is only one."""
    while sent is not None and received is not None and sent["type"] == received["type"]:
        differing = [pair for pair in _children(sent, received) if not same_value(pair[1], pair[2])]
        if len(differing) != 1 or not _same_besides_children(sent, received):
            break
        step, sent, received = differing[0]
        path += step
    return path, sent, received


def _children(sent: Value, received: Value) -> Iterator[tuple[str, Value | None, Value | None]]:
    for position, (one, other) in enumerate(
        zip(sent.get("items", ()), received.get("items", ()), strict=False)
    ):
        yield f"[{position}]", one, other
    others = {canonical(key): item for key, item in received.get("pairs", ())}
    for key, item in sent.get("pairs", ()):
        yield f"[{show(key)}]", item, others.get(canonical(key))
    attributes, other_attributes = sent.get("attributes", {}), received.get("attributes", {})
    for name in {**attributes, **other_attributes}:
        yield f".{name}", attributes.get(name), other_attributes.get(name)
    if "args" in sent and "args" in received:
        yield ".args", sent["args"], received["args"]


def _same_besides_children(sent: Value, received: Value) -> bool:
    sizes = [
        (len(value.get("items", ())), len(value.get("pairs", ()))) for value in (sent, received)
    ]
    return sizes[0] == sizes[1] and all(
        sent.get(key) == received.get(key) for key in ("text", "length", "sha256")
    )


def same_text(sent: Value, received: Value) -> bool:
    """Whether two texts are equal, or differ only in the order in which a set was printed."""
    exactly = [
        {key: item for key, item in text.items() if key != "words"} for text in (sent, received)
    ]
    return exactly[0] == exactly[1] or same_value(sent, received)


def same_value(sent: object, received: object) -> bool:
    if canonical(sent) == canonical(received) or canonical(in_any_order(sent)) == canonical(
        in_any_order(received)
    ):
        return True
    # Where something else was lost, a set may be known on one side only, and the texts of that side
    # have their words added.
    return canonical(_as_printed(sent)) == canonical(_as_printed(received))


def _as_printed(described: object) -> object:
    if isinstance(described, list):
        return [_as_printed(item) for item in described]
    if not isinstance(described, dict):
        return described
    return {key: _as_printed(item) for key, item in described.items() if key != "words"}
