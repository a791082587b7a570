"""Messages survive however the pipe cuts them, and what is no message is refused."""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.receiver.messages import (
    LIMIT,
    START,
    Decoder,
    MessageError,
    encode,
    read_one,
    write,
)

heads = st.dictionaries(
    st.text(),
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec=None, exclude_categories=())),
)


@given(st.lists(st.tuples(heads, st.binary())), st.lists(st.integers(1, 50)))
def test_messages_arrive_whole_in_whatever_pieces(
    messages: list[tuple[dict[str, object], bytes]], cuts: list[int]
) -> None:
    stream = b"".join(encode(head, body) for head, body in messages)
    decoder = Decoder()
    received = []
    for cut in [*cuts, len(stream) + 1]:
        received += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert received == messages


@given(st.binary(min_size=12, max_size=64))
def test_random_bytes_are_refused_or_waited_for(data: bytes) -> None:
    with contextlib.suppress(MessageError):
        assert all(isinstance(head, dict) for head, _ in Decoder().feed(data))


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 64,
        encode({})[:11] + b"\x07" + b"{",
        encode({})[:-2] + b"[]",
        (LIMIT + 1).to_bytes(8, "big") + b"\0" * 4,
    ],
)
def test_what_cannot_be_a_message_is_refused(data: bytes) -> None:
    with pytest.raises(MessageError):
        Decoder().feed(data)


@given(before=st.binary(max_size=200), pieces=st.integers(1, 20))
def test_what_stands_before_the_start_is_skipped(before: bytes, pieces: int) -> None:
    """An environment's start-up code may print; wherever the bytes are cut."""
    if START in before:
        return
    data = before + START + encode({"a": 1}, b"body")
    decoder = Decoder(skip_to=START)
    found = [
        message
        for at in range(0, len(data), pieces)
        for message in decoder.feed(data[at : at + pieces])
    ]
    assert found == [({"a": 1}, b"body")]


def test_one_message_is_read_and_no_byte_more() -> None:
    read_fd, write_fd = os.pipe()
    write(write_fd, {"a": 1}, b"one")
    write(write_fd, {"a": 2}, b"two")
    os.close(write_fd)
    assert read_one(read_fd) == ({"a": 1}, b"one")
    assert read_one(read_fd) == ({"a": 2}, b"two")
    assert read_one(read_fd) is None
    os.close(read_fd)
