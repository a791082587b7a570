"""Names of pickle's opcodes, as ``pickletools.opcodes`` has them, by what they do to the stack."""

from __future__ import annotations

PUSH_ARGUMENT = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "FLOAT",
        "BINFLOAT",
        "PERSID",
        "EXT1",
        "EXT2",
        "EXT4",
    ]
)
"""Opcodes that push their argument; a persistent ID or extension code stands for its object."""
GET = frozenset(("GET", "BINGET", "LONG_BINGET"))
"""Opcodes that push what the memo holds under their argument."""
PUT = frozenset(("PUT", "BINPUT", "LONG_BINPUT"))
"""Opcodes that store the top of the stack in the memo under their argument."""
CONSTANTS: dict[str, object] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
}
"""Opcodes that push a constant."""
NO_EFFECT = frozenset(("PROTO", "FRAME", "READONLY_BUFFER"))
"""Opcodes that change no name, call or memo; a read-only buffer has the same bytes."""
