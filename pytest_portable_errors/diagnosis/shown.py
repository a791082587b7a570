"""Writes described values and errors on one line, much as Python would write them."""

from __future__ import annotations

from pytest_portable_errors.receiver.described import ErrorRecord, Node, Value


def headline(node: Node) -> str:
    """An exception's type and message: ``shop.errors.PaymentError: order 7: declined``."""
    message = show(node["message"])
    return short_name(node["type"]) + (f": {message}" if message else "")


def error_text(error: ErrorRecord) -> str:
    """The type and message of an error that loads or dumps raised: ``TypeError: ...``."""
    return f"{short_name(error['type'])}: {show(error['message'])}"


def short_name(name: str) -> str:
    """A full type name without ``builtins``: ``ValueError``, ``shop.errors.PaymentError``."""
    return name.removeprefix("builtins.")


def show(value: Value) -> str:
    """A described value, much as ``repr`` would write it.

    What a description does not have is said in place of it: ``...`` with the length for what was
    cut, ``<list ...>`` for what lies too deep or contains itself, and what reading it raised.
    """
    kind = value.get("type", "builtins.str")
    name = short_name(kind)
    if "raises" in value:
        return f"<{name}: reading it raised {short_name(value['raises'])}>"
    if "again" in value or "deeper" in value:
        return f"<{name} ...>"
    ending = f"... ({value['length']:,} in all)" if "length" in value else ""
    if "text" in value:
        names_type = kind.startswith("builtins.") or name.rpartition(".")[2] in value["text"]
        return (value["text"] if names_type else f"{name}({value['text']})") + ending
    if "items" in value:
        inner = ", ".join(map(show, value["items"])) + ending
        brackets = {"builtins.list": "[]", "builtins.tuple": "()", "builtins.set": "{}"}.get(kind)
        comma = "," if kind == "builtins.tuple" and len(value["items"]) == 1 else ""
        return f"{brackets[0]}{inner}{comma}{brackets[1]}" if brackets else f"{name}({inner})"
    if "pairs" in value:
        inner = ", ".join(f"{show(key)}: {show(item)}" for key, item in value["pairs"]) + ending
        return f"{{{inner}}}" if kind == "builtins.dict" else f"{name}({{{inner}}})"
    if "message" in value:
        return f"{name}({show(value['message'])})"
    if value.get("attributes"):
        attributes = (f"{key}={show(item)}" for key, item in value["attributes"].items())
        return f"{name}({', '.join(attributes)})"
    return f"<{name}>"


def show_frames(node: Node) -> str:
    """The last three frames of an exception's traceback; ``no frames`` if it has none."""
    steps = node.get("traceback") or []
    return (
        " > ".join(f"{file}:{line} {function}" for file, line, function in steps[-3:])
        or "no frames"
    )
