"""What plain pickle makes of an exception in two processes, compared by hand: without the plugin."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LOOK = """
import base64, json, pickle, sys

def plain(value, depth=0):
    if depth > 6 or isinstance(value, (str, int, float, bool, bytes, type(None))):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(plain(one, depth + 1) for one in value)]
    if isinstance(value, dict):
        return {repr(key): plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, BaseException):
        return [type(value).__name__, text(value), plain(value.args, depth + 1)]
    return f"{type(value).__module__}.{type(value).__qualname__}"

def text(exc):
    try:
        return str(exc)
    except BaseException as error:
        return f"str() raises {type(error).__name__}"

def stored(exc):
    found = {name: value for name, value in vars(exc).items() if name != "__notes__"}
    for cls in type(exc).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            if hasattr(exc, name) and not name.startswith("__"):
                found[name] = getattr(exc, name)
    return found

def look(exc):
    return {
        "type": f"{type(exc).__module__}.{type(exc).__qualname__}",
        "text": text(exc),
        "args": plain(exc.args),
        "attributes": plain(stored(exc)),
        "notes": getattr(exc, "__notes__", []),
    }

if __name__ == "__main__":
    for line in sys.stdin:
        try:
            print(json.dumps(look(pickle.loads(base64.b64decode(line)))), flush=True)
        except BaseException as error:
            print(json.dumps(type(error).__name__), flush=True)
"""
"""Looks at an exception; run as a program, at those that it reads."""
_scope: dict[str, Any] = {"__name__": "look"}
exec(LOOK, _scope)
look: Callable[[BaseException], dict[str, Any]] = _scope["look"]


@contextmanager
def another_process() -> Iterator[subprocess.Popen[str]]:
    """Another process, which loads what it reads, and says what that is."""
    with subprocess.Popen(
        [sys.executable, "-c", LOOK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def differences(exc: BaseException, reader: subprocess.Popen[str]) -> list[str]:
    """What plain pickle makes of it: [] if nothing is lost."""
    before = json.loads(json.dumps(look(exc)))
    try:
        payload = pickle.dumps(exc)
    except Exception as error:
        return [f"dumps {type(error).__name__}"]
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(base64.b64encode(payload).decode() + "\n")
    reader.stdin.flush()
    after = json.loads(reader.stdout.readline())
    if isinstance(after, str):
        return [f"loads {after}"]
    return [name for name in before if before[name] != after[name]]
