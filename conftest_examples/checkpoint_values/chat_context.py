"""A chat context, and how it becomes plain and is restored."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import uuid
from typing import Any

from pydantic import BaseModel


class Role(str, enum.Enum):
    USER = "user"
    MODEL = "model"


class Message(BaseModel):
    role: Role
    text: str
    at: datetime.datetime


@dataclasses.dataclass
class Budget:
    tokens: int
    spent: float = 0.0


@dataclasses.dataclass
class ChatContext:
    request_id: uuid.UUID
    messages: list[Message]
    budget: Budget
    tags: set[str] = dataclasses.field(default_factory=set)
    window: tuple[int, int] = (0, 4_096)
    attachment: bytes = b""


def normalised(context: ChatContext) -> dict[str, Any]:
    """What may be stored: None, bool, int, float, str, bytes, lists, and dicts with str keys, and
    nothing that inherits from them."""
    return {
        "request_id": str(context.request_id),
        "messages": [message.model_dump(mode="json") for message in context.messages],
        "budget": dataclasses.asdict(context.budget),
        "tags": sorted(context.tags),
        "window": list(context.window),
        "attachment": context.attachment,
    }


def restored(stored: dict[str, Any]) -> ChatContext:
    """The context that was normalised."""
    return ChatContext(
        request_id=uuid.UUID(stored["request_id"]),
        messages=[Message.model_validate(message) for message in stored["messages"]],
        budget=Budget(**stored["budget"]),
        tags=set(stored["tags"]),
        window=(stored["window"][0], stored["window"][1]),
        attachment=stored["attachment"],
    )


class ContextTooLong(Exception):
    """An error that a checkpoint can hold: what it says is plain."""

    def __init__(self, request_id: str, tokens: int) -> None:
        super().__init__(request_id, tokens)
        self.request_id, self.tokens = request_id, tokens

    def __str__(self) -> str:
        return f"{self.tokens} tokens are too many for request {self.request_id}"


class ContextTooLongBefore(Exception):
    """The same before it was repaired: it takes along what the agent works with."""

    def __init__(self, request_id: uuid.UUID, role: Role) -> None:
        super().__init__(request_id, role)
