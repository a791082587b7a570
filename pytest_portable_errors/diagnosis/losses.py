"""Compares two records: what was sent and what was received in, losses out."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS
from pytest_portable_errors.diagnosis.loss import Comparison, Loss
from pytest_portable_errors.diagnosis.same_values import narrowed, same_text, same_value
from pytest_portable_errors.diagnosis.shown import (
    error_text,
    headline,
    short_name,
    show,
    show_frames,
)
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver.described import Answer, Node, Record, Value, subject_of

_MOST_LOSSES = 100


def compare(
    sent: Record,
    received: Record,
    *,
    checks: Collection[str] = DEFAULT_CHECKS,
    arrives_as: str | None = None,
    without: Collection[str] = (),
    copies_classes: bool = False,
) -> Comparison:
    """Compare the record of what was sent with the record of what arrived.

    Args:
        sent: The record made by the sender.
        received: The record made by the receiver.
        checks: What is compared, names of ``CHECKS``.
        arrives_as: Full name of the type that the exception is declared to arrive as; then what
            its args and attributes lost is declared. None: as itself.
        without: Names of attributes of the exception itself that are declared to be lost.
        copies_classes: Whether the serializer can send a class by value: then a received class that
            its module does not hold is a copy, and no ``except`` clause will match it.

    Returns:
        At most 100 losses, with the declared ones; the exception's own come first.
    """
    losses = []
    for loss in _differences(sent, received, set(checks), arrives_as, copies_classes):
        losses.append(loss)
        if len(losses) >= _MOST_LOSSES:
            break
    waived = ("args", "attributes") if arrives_as else ()

    def is_declared(loss: Loss) -> bool:
        held = ValuePath.of(loss.path).held
        return loss.kind in waived or (
            held is not None and held.is_of_subject and held.attribute in without
        )

    return Comparison(
        losses=tuple(loss for loss in losses if not is_declared(loss)),
        declared=tuple(loss for loss in losses if is_declared(loss)),
    )


def compare_values(sent: Record, received: Record) -> tuple[Loss, ...]:
    """Compare the records of a value that is no exception.

    Returns:
        No loss, or one. Its path begins with ``value``, and leads to the one place that differs,
        or to what holds all that do.
    """
    sent_node, received_node = subject_of(sent), subject_of(received)
    name = short_name(sent_node["type"])
    if "value" not in received_node:
        return (Loss(kind="type", path="value", sent=name, received=headline(received_node)),)
    has_same_type = sent_node["type"] == received_node["type"]
    if has_same_type and sent_node["importable"] and not received_node["importable"]:
        return (
            Loss(kind="type", path="value", sent=name, received=f"a copy of {name}: another class"),
        )
    if has_same_type and same_value(sent_node["value"], received_node["value"]):
        return ()
    return (
        _value_loss(
            "attributes" if has_same_type else "type",
            "value",
            sent_node["value"],
            received_node["value"],
        ),
    )


def arrival_loss(sent: Record, answer: Answer, *, path: str = "exc") -> Loss:
    """Make the loss of a trip by which nothing arrived.

    Args:
        sent: The record of what was sent.
        answer: Why: the error that the receiver or dumps met, or how the receiver's process ended.
        path: ``exc``; ``value`` for what is no exception.
    """
    received = error_text(answer["error"]) if answer.get("error") else answer["how"]
    return Loss(
        kind="arrival",
        path=path,
        sent=headline(subject_of(sent)),
        received=f"nothing. {received}",
    )


def only_in_tests_loss(sent: Record, location: str) -> Loss:
    """Make the loss of an exception that arrived whole by a reducer which only the tests have.

    Args:
        sent: The record of what was sent.
        location: ``file:line`` of the reducer.
    """
    received = f"whole, by a reducer that only the tests have ({location})"
    return Loss(kind="arrival", path="exc", sent=headline(subject_of(sent)), received=received)


def ends_caller_loss(sent: Record) -> Loss:
    """Make the loss of an exception that arrives whole, and then ends the process that raises it.

    Args:
        sent: The record of what was sent.
    """
    received = "whole, and it ends the process that raises it"
    return Loss(kind="arrival", path="exc", sent=headline(subject_of(sent)), received=received)


def _differences(
    sent: Record, received: Record, checks: set[str], arrives_as: str | None, copies_classes: bool
) -> Iterator[Loss]:
    """Compare pairs of nodes, outward from the subjects; each pair once, so cycles end."""
    visited = {(0, 0)}
    waiting = deque([(0, 0, "exc", "")])
    while waiting:
        sent_index, received_index, path, link_kind = waiting.popleft()
        if sent_index >= len(sent["exceptions"]) or received_index >= len(received["exceptions"]):
            continue  # past what a record keeps; compared as a whole below
        sent_node = sent["exceptions"][sent_index]
        received_node = received["exceptions"][received_index]
        becomes = arrives_as if path == "exc" else None
        for loss in _node_losses(sent_node, received_node, checks, path, becomes, copies_classes):
            yield Loss(
                kind=link_kind or loss.kind, path=loss.path, sent=loss.sent, received=loss.received
            )
        for link in (
            *_member_pairs(sent_node, received_node, path, checks, link_kind),
            *_link_pairs(sent_node, received_node, sent, received, path, checks),
        ):
            if isinstance(link, Loss):
                yield link
            elif link[:2] not in visited:
                visited.add(link[:2])
                waiting.append(link)
    # What a record does not keep was digested with all that it has, so it can be compared only
    # where all checks are asked for.
    if (
        checks >= set(DEFAULT_CHECKS)
        and sent.get("more") != received.get("more")
        and "more" in sent
        and "more" in received
    ):
        yield Loss(
            kind="chain", path="exc...", sent=_show_more(sent), received=_show_more(received)
        )


def _show_more(record: Record) -> str:
    return f"{record['more']['length']} more exceptions, sha256 {record['more']['sha256'][:12]}"


def _node_losses(
    sent: Node,
    received: Node,
    checks: set[str],
    path: str,
    arrives_as: str | None,
    copies_classes: bool,
) -> Iterator[Loss]:
    if "args" not in received:  # it is no exception at all, which no check can waive
        yield Loss(
            kind="type",
            path=path,
            sent=short_name(sent["type"]),
            received=f"{short_name(received['type'])}, which is no exception",
        )
        return
    if "type" in checks:
        expected = arrives_as or sent["type"]
        if received["type"] != expected:
            yield Loss(
                kind="type",
                path=path,
                sent=short_name(expected) + (" (declared)" if arrives_as else ""),
                received=short_name(received["type"]),
            )
        elif not received["importable"] and (sent["importable"] or copies_classes):
            name = short_name(received["type"])
            yield Loss(
                kind="type",
                path=path,
                sent=name,
                received=f"a copy of {name}: another class, so no except clause there matches it",
            )
    if "message" in checks and not same_text(sent["message"], received["message"]):
        yield Loss(
            kind="message",
            path="message" if path == "exc" else f"{path} message",
            sent=show(sent["message"]),
            received=show(received["message"]),
        )
    for check in ("args", "notes"):
        if check in checks and not same_value(sent[check], received[check]):
            name = "args" if check == "args" else "__notes__"
            yield _value_loss(check, f"{path}.{name}", sent[check], received[check])
    if "attributes" in checks:
        yield from _attribute_losses(sent, received, path)
    if "traceback" in checks and sent.get("traceback") != received.get("traceback"):
        yield Loss(
            kind="traceback",
            path=f"{path}.__traceback__",
            sent=show_frames(sent),
            received=show_frames(received),
        )


def _attribute_losses(sent: Node, received: Node, path: str) -> Iterator[Loss]:
    for name in sorted({*sent["attributes"], *received["attributes"]}):
        is_field_of_one = (name in sent["base_fields"]) != (name in received["base_fields"])
        if is_field_of_one and sent["type"] == received["type"]:
            continue  # the other side's version of Python does not have that field
        sent_value, received_value = sent["attributes"].get(name), received["attributes"].get(name)
        if not same_value(sent_value, received_value):
            yield _value_loss("attributes", f"{path}.{name}", sent_value, received_value)


def _member_pairs(
    sent: Node, received: Node, path: str, checks: set[str], link_kind: str
) -> Iterator[Loss | tuple[int, int, str, str]]:
    """The members of a group, each with the one at its position on the other side.

    As indices of both nodes, path, and the kind of what they lose: that of the link by which the
    group was reached, if there was one.
    """
    if "members" not in checks or (sent.get("members") is None and received.get("members") is None):
        return
    sent_members, received_members = sent.get("members") or [], received.get("members") or []
    if len(sent_members) != len(received_members):
        yield Loss(
            kind=link_kind or "members",
            path=f"{path}.exceptions",
            sent=f"{len(sent_members)} members",
            received=f"{len(received_members)} members",
        )
    for position, indices in enumerate(zip(sent_members, received_members, strict=False)):
        yield *indices, f"{path}.exceptions[{position}]", link_kind or "members"


def _link_pairs(
    sent: Node,
    received: Node,
    sent_record: Record,
    received_record: Record,
    path: str,
    checks: set[str],
) -> Iterator[Loss | tuple[int, int, str, str]]:
    """The next exceptions that Python would print, on both sides: the cause, or the context.

    As indices of both nodes, path and kind; as a loss where there is one on one side only.
    """
    if "chain" not in checks or "args" not in received:
        return
    for name in ("cause", "context"):
        sent_index, received_index = sent[name], received[name]
        if sent_index is not None and received_index is not None:
            yield sent_index, received_index, f"{path}.__{name}__", "chain"
        elif sent_index is not None or received_index is not None:
            without_index = received if sent_index is not None else sent
            if name == "context" and without_index["hides_context"]:
                # Both sides have the context, and only one of them shows it.
                yield Loss(
                    kind="chain",
                    path=f"{path}.__suppress_context__",
                    sent=str(sent_index is None),
                    received=str(received_index is None),
                )
            else:
                yield Loss(
                    kind="chain",
                    path=f"{path}.__{name}__",
                    sent=_show_link(sent_index, sent_record),
                    received=_show_link(received_index, received_record),
                )


def _show_link(index: int | None, record: Record) -> str:
    if index is None:
        return "None"
    return (
        headline(record["exceptions"][index])
        if index < len(record["exceptions"])
        else "an exception far down the chain"
    )


def _value_loss(kind: str, path: str, sent: Value | None, received: Value | None) -> Loss:
    path, sent, received = narrowed(path, sent, received)
    return Loss(
        kind=kind,
        path=path,
        sent="missing" if sent is None else show(sent),
        received="missing" if received is None else show(received),
    )
