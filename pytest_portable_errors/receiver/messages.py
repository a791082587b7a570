"""Messages on a pipe: a length, a head in JSON and a body of bytes.

The head is ASCII (a lone surrogate is escaped), so any text survives; the body is a payload and is
never looked into here.
"""

import json
import os
import struct
from typing import Any, Dict, List, Optional, Tuple

# bytes of one message; more than any that we send, less than what a stray write would claim
LIMIT = 256 * 1024 * 1024

START = b"\x00portable errors\x00"
"""Stands before a receiver's first message: an environment's start-up code may print before it."""

ENDED = "ended"
"""The event in place of a greeting, where a shared receiver has ended before it greeted."""

# Bytes to read at once: as much as a pipe holds, and no more than malloc gives without asking the
# system.
PIECE = 1 << 16

Head = Dict[str, Any]
"""The head of a message: names, and values that JSON can hold."""

Message = Tuple[Head, bytes]
"""A message that was read: its head and its body."""

# Kept, and made once: payloads replace functions of os and json.
_read_piece, _write = os.read, os.write
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_DECODER = json.JSONDecoder()
_SIZES = struct.Struct("!QI")  # bytes that follow these two numbers; of these, bytes of the head


class MessageError(ValueError):
    """The bytes are no message: something else wrote into the pipe."""


def encode(head: Head, body: bytes = b"") -> bytes:
    """One message as bytes: the two sizes, the head in JSON, the body."""
    text = as_json(head)
    return _SIZES.pack(len(text) + len(body), len(text)) + text + body


class Decoder:
    """Puts messages together from whatever pieces the pipe delivers.

    Args:
        skip_to: The bytes right before the first message; they and all before them are dropped.
            Empty: the messages begin at once.
    """

    def __init__(self, *, skip_to: bytes = b"") -> None:
        self._buffer = bytearray()
        self._skip_to = skip_to

    def feed(self, data: bytes) -> List[Message]:
        """Take the bytes that were read next.

        Returns:
            The messages that are complete with them; what follows is kept.

        Raises:
            MessageError: The bytes cannot be a message.
        """
        self._buffer += data
        messages: List[Message] = []
        if self._skip_to:
            _, marker, after_marker = bytes(self._buffer).partition(self._skip_to)
            if not marker:
                return messages
            self._skip_to, self._buffer = b"", bytearray(after_marker)
        while len(self._buffer) >= _SIZES.size:
            size, head_size = _SIZES.unpack_from(self._buffer)
            if size > LIMIT or head_size > size:
                raise MessageError(
                    "a message of {} bytes with a head of {}".format(size, head_size)
                )
            if len(self._buffer) < _SIZES.size + size:
                break
            start = _SIZES.size + head_size
            messages.append(
                (
                    from_json(bytes(self._buffer[_SIZES.size : start])),
                    bytes(self._buffer[start : _SIZES.size + size]),
                )
            )
            del self._buffer[: _SIZES.size + size]
        return messages


def as_json(head: Head) -> bytes:
    """A head as it is written; also a body that is plain data."""
    return _ENCODER.encode(head).encode("ascii")


def from_json(content: bytes) -> Head:
    """What ``as_json`` wrote.

    Raises:
        MessageError: The bytes are no JSON in ASCII, or no JSON object.
    """
    try:
        head = _DECODER.decode(content.decode("ascii"))
    except ValueError as error:
        raise MessageError("no JSON: {}".format(error)) from None
    if not isinstance(head, dict):
        raise MessageError("no JSON object")
    return head


def read_one(fd: int) -> Optional[Message]:
    """Wait for one message on a blocking descriptor.

    Returns:
        Its head and body; None if the other side ends before the message is complete.

    Raises:
        MessageError: The head is no JSON object.
    """
    sizes = _read(fd, _SIZES.size)
    if sizes is None:
        return None
    size, head_size = _SIZES.unpack(sizes)
    content = _read(fd, size)
    return None if content is None else (from_json(content[:head_size]), content[head_size:])


def _read(fd: int, size: int) -> Optional[bytes]:
    """Exactly so many bytes; None if the other side ends before."""
    data = bytearray()
    while len(data) < size:
        piece = _read_piece(fd, min(size - len(data), PIECE))
        if not piece:
            return None
        data += piece
    return bytes(data)


def write(fd: int, head: Head, body: bytes = b"") -> None:
    """Write one whole message to a blocking descriptor.

    Raises:
        OSError: The other side is gone.
    """
    view = memoryview(encode(head, body))
    while view:
        view = view[_write(fd, view) :]
