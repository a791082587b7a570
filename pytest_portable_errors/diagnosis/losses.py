"""What was lost: two records in, differences out."""

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
from pytest_portable_errors.receiver.described import (
    Answer,
    Node,
    Record,
    Value,
    subject_of,
)

_MOST_LOSSES = 100


def compare(
    sent: Record,
    received: Record,
    *,
    checks: Collection[str] = DEFAULT_CHECKS,
    arrives_as: str | None = None,
    copies_classes: bool = False,
) -> Comparison:
    """Compare what was sent with what arrived.

    ``arrives_as`` is the dotted name of the type that it is declared to become. ``copies_classes``
    says that the serializer can send a class by value: then a received class that its module does
    not hold is a copy, and no ``except`` clause will match it.
    """
    losses = []
    for loss in _differences(sent, received, set(checks), arrives_as, copies_classes):
        losses.append(loss)
        if len(losses) >= _MOST_LOSSES:
            break
    waived = ("args", "attributes") if arrives_as else ()
    return Comparison(
        losses=tuple(loss for loss in losses if loss.kind not in waived),
        declared=tuple(loss for loss in losses if loss.kind in waived),
    )


def compare_values(sent: Record, received: Record) -> tuple[Loss, ...]:
    """The same for what is no exception: one loss, as far inside as there is one place that
    differs."""
    one, other = subject_of(sent), subject_of(received)
    if "value" not in other:
        return (
            Loss(kind="type", path="value", sent=short_name(one["type"]), received=headline(other)),
        )
    if one["type"] == other["type"] and one["importable"] and not other["importable"]:
        name = short_name(one["type"])
        return (
            Loss(kind="type", path="value", sent=name, received=f"a copy of {name}: another class"),
        )
    if one["type"] == other["type"] and same_value(one["value"], other["value"]):
        return ()
    return (
        _value_loss(
            "attributes" if one["type"] == other["type"] else "type",
            "value",
            one["value"],
            other["value"],
        ),
    )


def arrival_loss(sent: Record, answer: Answer, *, path: str = "exc") -> Loss:
    """That nothing arrived, and why: ``answer`` is what the receiver said, or dumps."""
    received = error_text(answer["error"]) if answer.get("error") else answer["how"]
    return Loss(
        kind="arrival",
        path=path,
        sent=headline(subject_of(sent)),
        received=f"nothing. {received}",
    )


def only_in_tests(sent: Record, location: str) -> Loss:
    """That it arrived by what production does not have."""
    received = f"whole, by a reducer that only the tests have ({location})"
    return Loss(kind="arrival", path="exc", sent=headline(subject_of(sent)), received=received)


def _differences(
    sent: Record, received: Record, checks: set[str], arrives_as: str | None, copies_classes: bool
) -> Iterator[Loss]:
    """Pairs of nodes, outward from the subjects; each pair once, so cycles end."""
    seen = {(0, 0)}
    waiting = deque([(0, 0, "exc", "")])
    while waiting:
        here, there, path, within = waiting.popleft()
        if here >= len(sent["exceptions"]) or there >= len(received["exceptions"]):
            continue  # past what a record keeps; compared as a whole below
        one, other = sent["exceptions"][here], received["exceptions"][there]
        is_subject = path == "exc"
        for loss in _node_losses(
            one, other, checks, path, arrives_as if is_subject else None, copies_classes
        ):
            yield Loss(
                kind=within or loss.kind, path=loss.path, sent=loss.sent, received=loss.received
            )
        for link in (
            *_member_pairs(one, other, path, checks, within),
            *_link_pairs(one, other, sent, received, path, checks),
        ):
            if isinstance(link, Loss):
                yield link
            elif link[:2] not in seen:
                seen.add(link[:2])
                waiting.append(link)
    # The rest was digested with all that it has, so it can be compared only where all is asked for.
    if (
        checks >= set(DEFAULT_CHECKS)
        and sent.get("more") != received.get("more")
        and "more" in sent
        and "more" in received
    ):
        yield Loss(kind="chain", path="exc...", sent=_rest(sent), received=_rest(received))


def _rest(record: Record) -> str:
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
        if (
            name in sent["base_fields"]
            and name not in received["base_fields"]
            and sent["type"] == received["type"]
        ):
            continue  # the receiver's Python does not have that field
        if (
            name in received["base_fields"]
            and name not in sent["base_fields"]
            and sent["type"] == received["type"]
        ):
            continue
        here, there = sent["attributes"].get(name), received["attributes"].get(name)
        if not same_value(here, there):
            yield _value_loss("attributes", f"{path}.{name}", here, there)


def _member_pairs(
    sent: Node, received: Node, path: str, checks: set[str], within: str
) -> Iterator[Loss | tuple[int, int, str, str]]:
    if "members" not in checks or (sent.get("members") is None and received.get("members") is None):
        return
    here, there = sent.get("members") or [], received.get("members") or []
    if len(here) != len(there):
        yield Loss(
            kind=within or "members",
            path=f"{path}.exceptions",
            sent=f"{len(here)} members",
            received=f"{len(there)} members",
        )
    for position, (one, other) in enumerate(zip(here, there, strict=False)):
        yield one, other, f"{path}.exceptions[{position}]", within or "members"


def _link_pairs(
    sent: Node,
    received: Node,
    sent_record: Record,
    received_record: Record,
    path: str,
    checks: set[str],
) -> Iterator[Loss | tuple[int, int, str, str]]:
    """The next exception that Python would print, on both sides: the cause, or the context where it
    would be printed."""
    if "chain" not in checks or "args" not in received:
        return
    for name in ("cause", "context"):
        here, there = sent[name], received[name]
        if here is not None and there is not None:
            yield here, there, f"{path}.__{name}__", "chain"
        elif here is not None or there is not None:
            if name == "context" and (received if here is not None else sent)["hides_context"]:
                # It is there on both sides, and shown on one of them only.
                yield Loss(
                    kind="chain",
                    path=f"{path}.__suppress_context__",
                    sent=str(here is None),
                    received=str(there is None),
                )
            else:
                yield Loss(
                    kind="chain",
                    path=f"{path}.__{name}__",
                    sent=_show_link(here, sent_record),
                    received=_show_link(there, received_record),
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
