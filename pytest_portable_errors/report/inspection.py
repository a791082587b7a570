"""Shows the contents of a stored payload, as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.stored import Inspection, StoredError

_WIDTH = 400  # characters of one value
_PAGE = 200  # lines of one payload


def inspection_text(inspection: Inspection, *, title: str) -> str:
    """The text that ``inspect`` prints for one payload: a title, and what the payload holds."""
    lines = list(_lines(inspection))
    if len(lines) > _PAGE:
        lines[_PAGE:] = [f"  {'cut':<11} {len(lines) - _PAGE:,} more lines, which --json has"]
    if inspection.is_cut:
        lines.append(f"  {'cut':<11} the payload holds more than is shown of it")
    return "\n".join([clean(title), "", *lines])


def inspection_row(inspection: Inspection, *, where: str, form: str) -> dict[str, object]:
    """Plain data for JSON: one element of what ``inspect --json`` prints.

    Args:
        inspection: What the payload holds.
        where: Where in the file the payload was: a line, a table's cell; empty for the whole file.
        form: How it was stored: ``pickle``, ``base64`` or ``celery``.
    """
    row = {
        "where": where,
        "form": form,
        "errors": [
            {
                "path": error.path,
                "type": error.type,
                "message": error.message,
                "args": list(error.args),
                "attributes": error.attributes,
                "notes": list(error.notes),
                "rebuilt_by": error.rebuilt_by,
                "links": dict(error.links),
            }
            for error in inspection.errors
        ],
        "value": inspection.value,
        "imports": [{"name": name.name, "lacks": name.lacks} for name in inspection.names],
        "credentials": [
            {"path": credential.path, "kind": credential.kind}
            for credential in inspection.credentials
        ],
        "problem": inspection.problem,
        "unexpected_calls": list(inspection.unexpected),
        "is_cut": inspection.is_cut,
    }
    return {key: _finite(value) for key, value in row.items()}


def _finite(data: object) -> object:
    """Plain data without the floats that JSON does not have (RFC 8259, section 6): their reprs."""
    if isinstance(data, float) and not math.isfinite(data):
        return repr(data)
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return [_finite(item) for item in data] if isinstance(data, (list, tuple)) else data


def _lines(inspection: Inspection) -> Iterator[str]:
    for error in inspection.errors:
        yield from _error_lines(error)
    if not inspection.errors and inspection.problem is None:
        yield f"  no exception, as far as can be told: {brief(repr(inspection.value), _WIDTH)}"
    if inspection.problem is not None:
        yield f"  the payload ends early or is damaged: {brief(inspection.problem, _WIDTH)}"
    width = max((len(clean(name.name)) for name in inspection.names), default=0)
    for number, name in enumerate(inspection.names):
        label = "imports" if number == 0 else ""
        lack = "" if name.lacks is None else f"this interpreter has {name.lacks}"
        yield f"  {label:<11} {clean(name.name):<{width}}   {lack}".rstrip()
    for number, credential in enumerate(inspection.credentials):
        label = "credentials" if number == 0 else ""
        yield f"  {label:<11} {brief(credential.path)} ({clean(credential.kind)})"
    for function in inspection.unexpected:
        yield (
            f"  {'warning':<11} loads would call {brief(function)}, no exception's class and no "
            "reconstructor that is known: load it only if you know who wrote it"
        )


def _error_lines(error: StoredError) -> Iterator[str]:
    head = clean(error.type) + (f": {brief(error.message, _WIDTH)}" if error.message else "")
    yield f"  {head}" if error.path in ("exc", "payload") else f"  {brief(error.path)}   {head}"
    if error.rebuilt_by is not None:
        yield f"      rebuilt by {brief(error.rebuilt_by)}"
    if len(error.args) > 1 or (error.args and not isinstance(error.args[0], str)):
        yield f"      args = {brief(repr(error.args), _WIDTH)}"
    for name, value in error.attributes.items():
        yield f"      {brief(name)} = {brief(repr(value), _WIDTH)}"
    for note in error.notes:
        yield f"      note: {brief(str(note), _WIDTH)}"
