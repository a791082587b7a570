"""What a checkpoint refuses is named with its path and what to store instead, in the test of the
line that stores it."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import numpy
import pytest
from chat_context import (
    Budget,
    ChatContext,
    ContextTooLong,
    ContextTooLongBefore,
    Message,
    Role,
    normalised,
    restored,
)

REQUEST = uuid.UUID(int=7)
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone.utc)


@pytest.fixture
def context() -> ChatContext:
    return ChatContext(
        request_id=REQUEST,
        messages=[Message(role=Role.USER, text="hello", at=NOON)],
        budget=Budget(tokens=4_096, spent=0.25),
        tags={"beta", "alpha"},
        attachment=b"\x00",
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (REQUEST, "memory['value']: UUID; store str(value)"),
        (Role.USER, "memory['value']: chat_context.Role; store value.value"),
        ((0, 1), "memory['value']: tuple; store list(value)"),
        ({"a"}, "memory['value']: set; store sorted(value)"),
        (bytearray(b"x"), "memory['value']: bytearray; store bytes(value)"),
        (Budget(1), "memory['value']: chat_context.Budget; store dataclasses.asdict(value)"),
        (
            Message(role=Role.USER, text="a", at=NOON),
            "memory['value']: chat_context.Message; store value.model_dump(mode=\"json\")",
        ),
        (NOON, "memory['value']: datetime; store value.isoformat()"),
        (numpy.float64(0.5), "memory['value']: numpy.float64; store value.item()"),
        ({7: "seven"}, "memory['value'][7]: int as a key; store str(key)"),
    ],
    ids=[
        "uuid",
        "str-enum",
        "tuple",
        "set",
        "bytearray",
        "dataclass",
        "pydantic",
        "datetime",
        "numpy",
        "key",
    ],
)
def test_what_is_refused(value: object, said: str, assert_primitive: Any) -> None:
    memory = {"step": 3, "value": value}
    with pytest.raises(pytest.fail.Exception) as refused:
        assert_primitive(memory)
    assert str(refused.value) == said


def test_the_chat_context_as_it_is_stored(context: ChatContext, assert_primitive: Any) -> None:
    assert_primitive(normalised(context))


def test_what_is_restored_is_what_was_normalised(context: ChatContext) -> None:
    assert restored(normalised(context)) == context


def test_what_is_stored_arrives_in_another_process(
    context: ChatContext, assert_value_roundtrip: Any
) -> None:
    """There without this project: nothing of its classes is in the checkpoint."""
    assert_value_roundtrip(normalised(context), receiver="stdlib")


def test_the_control_the_context_itself_needs_the_project_there(
    context: ChatContext, assert_value_roundtrip: Any
) -> None:
    with pytest.raises(pytest.fail.Exception, match="no module 'chat_context'"):
        assert_value_roundtrip(context, receiver="without-project", serializers=("pickle",))


@pytest.mark.portable_exception(primitive=True, receiver="with-project")
def test_an_error_in_a_checkpoint_is_plain_as_well() -> None:
    with pytest.raises(ContextTooLong, match="5000 tokens are too many for request 7"):
        raise ContextTooLong("7", 5_000)


def test_the_control_an_error_that_is_not(assert_roundtrip: Any) -> None:
    with pytest.raises(pytest.fail.Exception) as refused:
        assert_roundtrip(
            ContextTooLongBefore(REQUEST, Role.USER), primitive=True, receiver="with-project"
        )
    assert str(refused.value).splitlines() == [
        (
            "chat_context.ContextTooLongBefore carries 2 values that are not primitive: UUID, "
            "chat_context.Role"
        ),
        "",
        "  exc.args[0]: UUID; store str(value)",
        "  exc.args[1]: chat_context.Role; store value.value",
    ]
