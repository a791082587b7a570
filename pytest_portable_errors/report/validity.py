"""Checks whether a report that somebody hands in is one, by the parts of the schema that are read.

It knows those keywords of JSON Schema that ``schema.json`` has (draft 2020-12), so that merging
needs no further library.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Schema = Mapping[str, Any]

_READ = ("run", "tests", "defects", "libraries")
"""What of a report is read when it is merged; all else follows from that."""
_TYPES: Mapping[str, Callable[[object], bool]] = {
    "object": lambda data: isinstance(data, dict),
    "array": lambda data: isinstance(data, list),
    "string": lambda data: isinstance(data, str),
    "boolean": lambda data: isinstance(data, bool),
    "integer": lambda data: isinstance(data, int) and not isinstance(data, bool),
    "number": lambda data: isinstance(data, (int, float)) and not isinstance(data, bool),
    "null": lambda data: data is None,
}
_LATER = "versions before 0.2 lack"  # as the descriptions of keys say it


def problem_of(report: Mapping[str, Any]) -> str | None:
    """What keeps a report from being merged.

    Args:
        report: A report of this format and version. Keys that earlier versions did not write may
            be missing.

    Returns:
        The first problem and its place, ``run.mode: expected one of off, warn, error``; None if
        there is none.
    """
    parts = {name: report_schema()["properties"][name] for name in _READ}
    problem = _problem(report, {"type": "object", "properties": parts, "required": _READ}, "")
    return None if problem is None else problem.removeprefix(".")


def problem_of_library_line(line: object) -> str | None:
    """What is wrong with a line that the process tells which surveys a library.

    The keys of a class are those of a ``SurveyedClass``.

    Returns:
        The first problem and its place; None if there is none.
    """
    if not isinstance(line, dict):
        return "expected an object"
    is_row = "row" in line
    return _problem(line, _LINE if is_row else _LAST_LINE, "row" if is_row else "last")


def problem_of_library(library: object) -> str | None:
    """What is wrong with a ``KeptLibrary`` that was stored; None if nothing is."""
    return _problem(library, _LIBRARY, "library")


def _closed(**properties: Schema) -> Schema:
    """The schema of an object with these keys and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_ENTRIES: Schema = {"$ref": "#/$defs/entries"}
_CLASS = _closed(cls=_TEXT, names=_TEXTS, bases=_TEXTS, entries=_ENTRIES)
_PAIR: Schema = {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2}
_LINE = _closed(row=_CLASS, repaired={"type": "array", "items": _PAIR})
_LAST_LINE = _closed(said=_TEXTS)
_LIBRARY = _closed(row={"$ref": "#/$defs/library"}, classes={"type": "array", "items": _CLASS})


@functools.cache
def report_schema() -> Schema:
    """The schema of reports, as ``schema.json`` has it."""
    files = importlib.resources.files("pytest_portable_errors.report")
    schema: Schema = json.loads(files.joinpath("schema.json").read_text("utf-8"))
    return schema


def _problem(data: Any, schema: Schema, place: str) -> str | None:
    if "$ref" in schema:
        return _problem(data, report_schema()["$defs"][schema["$ref"].rpartition("/")[2]], place)
    if "anyOf" in schema:
        problems = [_problem(data, choice, place) for choice in schema["anyOf"]]
        return None if None in problems else problems[0]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_TYPES[kind](data) for kind in kinds):
        return f"{place}: expected {' or '.join(kinds)}"
    if "const" in schema and data != schema["const"]:
        return f"{place}: expected {schema['const']!r}"
    if "enum" in schema and data not in schema["enum"]:
        return f"{place}: expected one of {', '.join(map(str, schema['enum']))}"
    if isinstance(data, str):
        return _problem_of_text(data, schema, place)
    if isinstance(data, (int, float)) and data < schema.get("minimum", data):
        return f"{place}: expected at least {schema['minimum']}"
    if isinstance(data, dict):
        return _first(_problems_of_object(data, schema, place))
    return _first(_problems_of_array(data, schema, place)) if isinstance(data, list) else None


def _problem_of_text(text: str, schema: Schema, place: str) -> str | None:
    if len(text) < schema.get("minLength", 0):
        return f"{place}: is too short"
    if "pattern" in schema and not re.search(schema["pattern"], text):
        return f"{place}: does not match {schema['pattern']}"
    return None


def _problems_of_object(data: dict[str, Any], schema: Schema, place: str) -> Iterable[str | None]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in data and _LATER not in properties.get(name, {}).get("description", ""):
            yield f"{place}.{name} is missing"
    further = schema.get("additionalProperties", True)
    for name, value in data.items():
        if "propertyNames" in schema:
            yield _problem(name, schema["propertyNames"], place)
        if name in properties:
            yield _problem(value, properties[name], f"{place}.{name}")
        elif further is False:
            yield f"{place}: {name} is not expected"
        elif further is not True:
            yield _problem(value, further, f"{place}[{name!r}]")


def _problems_of_array(data: list[Any], schema: Schema, place: str) -> Iterable[str | None]:
    if not schema.get("minItems", 0) <= len(data) <= schema.get("maxItems", len(data)):
        yield f"{place}: has {len(data)} items"
    first = schema.get("prefixItems", ())
    for number, (value, of_item) in enumerate(zip(data, first, strict=False)):
        yield _problem(value, of_item, f"{place}[{number}]")
    of_rest = schema.get("items", True)
    for number, value in enumerate(data[len(first) :], len(first)):
        if of_rest is False:
            yield f"{place}: has {len(data)} items"
        elif of_rest is not True:
            yield _problem(value, of_rest, f"{place}[{number}]")


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem is not None), None)
