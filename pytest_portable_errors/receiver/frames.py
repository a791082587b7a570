"""Messages on a pipe: a length, a head in JSON and a body of bytes.

The head is ASCII (a lone surrogate is escaped), so any text survives; the body is a payload and is never looked into here.
"""

import json
import struct
from typing import Any, Dict, List, Tuple

LIMIT = 256 * 1024 * 1024  # bytes of one message; more than any that we send, less than what a stray write would claim

Head = Dict[str, Any]
_SIZES = struct.Struct("!QI")  # bytes that follow these two numbers; of these, bytes of the head


class FrameError(ValueError):
    """The bytes are no frame: something else wrote into the pipe."""


def encode(head: Head, body: bytes = b"") -> bytes:
    """One message as bytes."""
    text = json.dumps(head, separators=(",", ":")).encode("ascii")
    return _SIZES.pack(len(text) + len(body), len(text)) + text + body


class Decoder:
    """Puts messages together from whatever pieces the pipe delivers."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> List[Tuple[Head, bytes]]:
        """Take some bytes; give the messages that are complete with them.

        Raises FrameError when the bytes cannot be a message.
        """
        self._buffer += data
        messages = []
        while len(self._buffer) >= _SIZES.size:
            size, head_size = _SIZES.unpack_from(self._buffer)
            if size > LIMIT or head_size > size:
                raise FrameError("a message of {} bytes with a head of {}".format(size, head_size))
            if len(self._buffer) < _SIZES.size + size:
                break
            messages.append(_message(bytes(self._buffer[_SIZES.size : _SIZES.size + size]), head_size))
            del self._buffer[: _SIZES.size + size]
        return messages


def _message(content: bytes, head_size: int) -> Tuple[Head, bytes]:
    try:
        head = json.loads(content[:head_size].decode("ascii"))
    except ValueError as error:
        raise FrameError("the head is no JSON: {}".format(error)) from None
    if not isinstance(head, dict):
        raise FrameError("the head is no JSON object")
    return head, content[head_size:]
