"""What plain pickle does between two processes, without the plugin: write or read.

``python plain_pickle.py write FILE`` and, with another interpreter, ``python plain_pickle.py read
FILE`` print JSON: name -> what a reader sees of each exception. It is Python 3.8, as the zoo is.
"""

import enum
import json
import pickle
import re
import sys
import types

from zoo_of_pythons import subjects

ADDRESS = re.compile(r"0x[0-9a-f]{4,}")
FIELDS = [
    "errno",
    "strerror",
    "filename",
    "filename2",
    "value",
    "code",
    "msg",
    "lineno",
    "offset",
    "text",
    "print_file_and_line",
    "name",
    "path",
    "encoding",
    "object",
    "start",
    "end",
    "reason",
]
DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)


def seen(value, depth=0):
    """A value as plain data, by its type and what it holds."""
    if depth > 12:
        return "..."
    kind = type(value)
    if isinstance(value, type):
        return ["class", value.__name__]
    if isinstance(value, BaseException):
        return [kind.__name__, seen(value.args, depth + 1), str(value), stored(value, depth)]
    if kind in (list, tuple):
        return [kind.__name__, *(seen(item, depth + 1) for item in value)]
    if kind in (set, frozenset):
        return [kind.__name__, *sorted(json.dumps(seen(item, depth + 1)) for item in value)]
    if isinstance(value, dict):
        return [kind.__name__, *([seen(key), seen(item, depth + 1)] for key, item in value.items())]
    if kind in (int, float, str, bytes, bool, type(None)):
        return [kind.__name__, repr(value)]
    if isinstance(value, enum.Enum):
        return [kind.__name__, value._name_, seen(value._value_, depth + 1)]
    shown = ADDRESS.sub("0x", repr(value))
    if kind.__module__ in ("typing", "types") or shown.startswith("typing."):
        return shown.replace("typing.", "")
    own = stored(value, depth) if "__dict__" in dir(value) else {}
    return [kind.__name__, "" if "0x" in shown else shown, own]


def stored(value, depth):
    names = {}
    for name in FIELDS if isinstance(value, BaseException) else ():
        descriptor = next((vars(c)[name] for c in type(value).__mro__ if name in vars(c)), None)
        if type(descriptor) in DESCRIPTORS:
            try:
                held = descriptor.__get__(value)
            except AttributeError:
                continue
            if held is not None:  # a field that another version may lack
                names[name] = held
    names.update(getattr(value, "__dict__", {}))
    return {str(name): seen(item, depth + 1) for name, item in sorted(names.items(), key=repr)}


def whole(exc):
    """All that is compared of an exception: itself, notes, chain."""
    chain = []
    while exc is not None:
        context = None if exc.__suppress_context__ else exc.__context__
        chain.append([seen(exc), bool(exc.__cause__)])
        exc = exc.__cause__ or context
    return chain


def main(action, file):
    told = {}
    if action == "write":
        payloads = {}
        for name, exc in subjects().items():
            try:
                payloads[name] = pickle.dumps(exc)
            except Exception as error:
                told[name] = ["dumps", type(error).__name__]
            else:
                told[name] = whole(exc)
        with open(file, "wb") as written:
            pickle.dump(payloads, written)
    else:
        with open(file, "rb") as read:
            payloads = pickle.load(read)
        for name, payload in payloads.items():
            try:
                told[name] = whole(pickle.loads(payload))
            except Exception as error:
                told[name] = ["loads", type(error).__name__]
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
