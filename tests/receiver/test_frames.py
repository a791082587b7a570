"""Messages survive however the pipe cuts them, and what is no message is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.receiver.frames import LIMIT, Decoder, FrameError, encode

heads = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None, exclude_categories=())))


@given(st.lists(st.tuples(heads, st.binary())), st.lists(st.integers(1, 50)))
def test_messages_arrive_whole_in_whatever_pieces(messages: list[tuple[dict[str, object], bytes]], cuts: list[int]) -> None:
    stream = b"".join(encode(head, body) for head, body in messages)
    decoder = Decoder()
    received = []
    for cut in [*cuts, len(stream) + 1]:
        received += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert received == messages


@given(st.binary(min_size=12, max_size=64))
def test_random_bytes_are_refused_or_waited_for(data: bytes) -> None:
    with contextlib.suppress(FrameError):
        assert all(isinstance(head, dict) for head, _ in Decoder().feed(data))


@pytest.mark.parametrize("data", [b"x" * 64, encode({})[:11] + b"\x07" + b"{", (LIMIT + 1).to_bytes(8, "big") + b"\0" * 4])
def test_what_cannot_be_a_message_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        Decoder().feed(data)
