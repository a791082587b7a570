"""Compares two described values: whether they are the same, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_portable_errors.diagnosis.shown import show
from pytest_portable_errors.receiver.canonical import canonical, in_any_order
from pytest_portable_errors.receiver.described import Value


def narrowed(
    path: str, sent: Value | None, received: Value | None
) -> tuple[str, Value | None, Value | None]:
    """Replace two values by the one value inside them that differs, as long as it is only one.

    Args:
        path: Path of both values.
        sent: The described value in the sender; None if it has none.
        received: The same in the receiver.

    Returns:
        The path and the descriptions of the innermost such value: one side lacks it, its types
        differ, or it differs in several of its parts or in what is no part.
    """
    while sent is not None and received is not None and sent["type"] == received["type"]:
        differing = [pair for pair in _children(sent, received) if not same_value(pair[1], pair[2])]
        if len(differing) != 1 or not _same_besides_children(sent, received):
            break
        step, sent, received = differing[0]
        path += step
    return path, sent, received


def _children(sent: Value, received: Value) -> Iterator[tuple[str, Value | None, Value | None]]:
    """The parts of two values, each with the step that leads to it; None where one lacks it."""
    for position, (sent_item, received_item) in enumerate(
        zip(sent.get("items", ()), received.get("items", ()), strict=False)
    ):
        yield f"[{position}]", sent_item, received_item
    received_by_key = {canonical(key): item for key, item in received.get("pairs", ())}
    for key, item in sent.get("pairs", ()):
        yield f"[{show(key)}]", item, received_by_key.get(canonical(key))
    sent_attributes = sent.get("attributes", {})
    received_attributes = received.get("attributes", {})
    for name in {**sent_attributes, **received_attributes}:
        yield f".{name}", sent_attributes.get(name), received_attributes.get(name)
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
    """Whether two described texts are equal, but for the order in which a set was printed."""
    without_words = [
        {key: item for key, item in text.items() if key != "words"} for text in (sent, received)
    ]
    return without_words[0] == without_words[1] or same_value(sent, received)


def same_value(sent: object, received: object) -> bool:
    """Whether two descriptions are equal, but for the order in which sets were printed.

    The order of a set's elements differs between processes: it depends on the hash seed.
    """
    if canonical(sent) == canonical(received) or canonical(in_any_order(sent)) == canonical(
        in_any_order(received)
    ):
        return True
    # If something else was lost, one side may have a set that the other lacks; only the texts of
    # that side then have ``words``.
    return canonical(_as_printed(sent)) == canonical(_as_printed(received))


def _as_printed(described: object) -> object:
    """A description without the digests of its texts' words."""
    if isinstance(described, list):
        return [_as_printed(item) for item in described]
    if not isinstance(described, dict):
        return described
    return {key: _as_printed(item) for key, item in described.items() if key != "words"}
