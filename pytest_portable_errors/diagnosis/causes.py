"""Why an exception did not arrive, or arrived changed.

``CAUSES`` are rules, ``(facts) -> Diagnosis | None``, the most specific first; the first that fires is the diagnosis. A rule looks at
structure (records, opcodes, signatures), never at the wording of a Python error, which changes between versions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_portable_errors.diagnosis import code
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import short_name, show
from pytest_portable_errors.diagnosis.payload import Call, Global

Rule = Callable[[Facts], "Diagnosis | None"]


def diagnose(facts: Facts) -> Diagnosis | None:
    """The first cause that explains the losses; None if there is nothing to explain or nothing explains it."""
    return next((found for rule in CAUSES if (found := _apply(rule, facts)) is not None), None)


def _apply(rule: Rule, facts: Facts) -> Diagnosis | None:
    try:
        return rule(facts)
    except Exception:  # rules look at foreign classes, whose metaclasses may raise; a verdict stands without its reason
        return None


def _stopped_receiver(facts: Facts) -> Diagnosis | None:
    if facts.stage not in ("crashed", "timed-out"):
        return None
    if facts.stage == "crashed":
        return Diagnosis(
            cause="crashes-the-receiver", why=f"rebuilding it ended the receiver's process: {facts.how}", evidence=(str(facts.how),)
        )
    return Diagnosis(cause="hangs-the-receiver", why=f"rebuilding it did not come to an end: {facts.how}", evidence=(str(facts.how),))


def _unpicklable_value(facts: Facts) -> Diagnosis | None:
    if facts.stage != "dumps" or facts.unpicklable is None:
        return None
    return Diagnosis(cause="value-cannot-be-pickled", why=f"{facts.unpicklable} cannot be pickled", evidence=(facts.unpicklable,))


def _dumps_failed(facts: Facts) -> Diagnosis | None:
    if facts.stage != "dumps" or facts.error is None:
        return None
    name = _name(facts.cls)
    local = "<locals>" in facts.cls.__qualname__
    if local or not facts.sent["exceptions"][0]["importable"]:
        place = "inside a function" if local else "under a name that its module does not hold"
        return Diagnosis(cause="class-not-importable", why=f"{name} is defined {place}; pickle sends a class by its name", evidence=(name,))
    reducer = _python_method(facts.cls, "__reduce__") or _python_method(facts.cls, "__reduce_ex__")
    if reducer is not None:
        return Diagnosis(
            cause="reduce-failed", why=f"{reducer.__qualname__} raised or gave what pickle cannot use", evidence=(code.location(reducer),)
        )
    return Diagnosis(cause="dumps-failed", why=f"pickling it raised {error_text(facts.error)}")


def _missing_name(facts: Facts) -> Diagnosis | None:
    """A class or a reconstructor that the receiver does not have."""
    if facts.stage != "loads" or not facts.missing or facts.error is None or not _is_import_failure(facts.error["type"]):
        return None
    module, qualname, absent = facts.missing[0]
    name = f"{module}.{qualname}"
    lacks = f"no module {absent!r}" if absent else f"no {qualname!r} in {module}"
    if code.find_class(module, qualname) is not None:
        cause, what = "class-not-importable", f"the payload names the class {name}, and the receiver has {lacks}"
    else:
        cause, what = "reconstructor-not-importable", f"the payload is rebuilt by {name}(), and the receiver has {lacks}"
    elsewhere = facts.with_project
    if elsewhere is not None and any(loss.kind != "chain" for loss in elsewhere.losses) and elsewhere.diagnosis is not None:
        # The defect to repair first: with the project installed it would still be there.
        why = f"{elsewhere.diagnosis.why}\nbroken everywhere: here {what}"
        return replace(elsewhere.diagnosis, why=why, evidence=(*elsewhere.diagnosis.evidence, lacks))
    if facts.defined_in_test:
        what += "\nit is defined in a test module, which no receiver has"
    elif elsewhere is not None:
        without = ", but without its chain" if elsewhere.losses else ""
        what += f"\narrives only where the project is installed (receiver with-project: it arrives{without})"
    return Diagnosis(cause=cause, why=what, evidence=(name, lacks))


def _constructor_does_not_fit(facts: Facts) -> Diagnosis | None:
    """``loads`` calls the class with ``exc.args``, and ``__init__`` takes something else."""
    if facts.stage != "loads":
        return None
    for call in facts.reading.calls:
        found = _called_class(call)
        if found is None or call.by != "reduce" or not isinstance(call.args, tuple):
            continue
        constructor = code.own_constructor(found)
        if constructor is not None and not code.fits(constructor, call.args):
            shown = ", ".join(map(_brief, call.args))
            return Diagnosis(
                cause="init-does-not-fit-args",
                why=f"loads calls {found.__qualname__}({shown}) - the class with exc.args -\n"
                + _placed(f"but {constructor.__name__} takes {code.parameters(constructor)}", constructor),
                evidence=(f"{_name(found)}({shown})", code.parameters(constructor), code.location(constructor)),
            )
    return None


def _constructor_rejects(facts: Facts) -> Diagnosis | None:
    """The last call before the failure was a class's, with arguments that fit its signature."""
    if facts.stage != "loads" or facts.error is None:
        return None
    for call in reversed(facts.reading.calls):
        found = _called_class(call)
        constructor = code.own_constructor(found) if found is not None and call.by == "reduce" else None
        if found is not None and constructor is not None and issubclass(found, BaseException):
            shown = ", ".join(map(_brief, call.args)) if isinstance(call.args, tuple) else "..."
            return Diagnosis(
                cause="init-rejects-args",
                why=f"likely: loads calls {found.__qualname__}({shown}) - the class with exc.args -\n"
                f"and {constructor.__name__}{code.parameters(constructor)}\n" + _placed(f"raises {error_text(facts.error)}", constructor),
                evidence=(f"{_name(found)}({shown})", code.location(constructor)),
            )
    return None


def _loads_failed(facts: Facts) -> Diagnosis | None:
    if facts.stage != "loads" or facts.error is None:
        return None
    return Diagnosis(cause="loads-failed", why=f"rebuilding it raised {error_text(facts.error)}")


def _dropped_by_python(facts: Facts) -> Diagnosis | None:
    """Fields that CPython's own ``__reduce__`` leaves out."""
    lost = {loss.path for loss in facts.losses}
    fields = {f"exc.{name}" for name in facts.sent["exceptions"][0].get("base_fields", ())}
    if not lost or not lost <= fields or _python_method(facts.cls, "__reduce__") is not None:
        return None
    base = next(owner for owner in facts.cls.__mro__ if owner.__module__ == "builtins")
    names = ", ".join(sorted(path.removeprefix("exc.") for path in lost))
    return Diagnosis(
        cause="dropped-by-python", why=f"Python's own {base.__name__}.__reduce__ leaves out {names}", evidence=(base.__name__, names)
    )


def _message_rewritten(facts: Facts) -> Diagnosis | None:
    """``__init__`` runs again in the receiver, on what it made of its arguments the first time."""
    rewritten = any(loss.kind in ("message", "args") for loss in facts.losses)
    constructor = code.own_constructor(facts.cls)
    root = facts.reading.root
    if (
        facts.stage != "arrived"
        or not rewritten
        or constructor is None
        or not isinstance(root, Call)
        or _called_class(root) is not facts.cls
    ):
        return None
    shown = ", ".join(map(_brief, root.args)) if isinstance(root.args, tuple) else "..."
    return Diagnosis(
        cause="init-rewrites-message",
        why=f"loads calls {facts.cls.__qualname__}({shown}) - the class with exc.args -\n"
        + _placed(f"and {constructor.__name__}{code.parameters(constructor)} builds its message a second time", constructor),
        evidence=(f"{_name(facts.cls)}({shown})", code.location(constructor)),
    )


def _reduce_drops(facts: Facts) -> Diagnosis | None:
    """A ``__reduce__`` of the class's own that leaves something out."""
    own = [loss for loss in facts.losses if loss.kind not in ("chain", "arrival")]
    reducer = _python_method(facts.cls, "__reduce__") or _python_method(facts.cls, "__reduce_ex__")
    if facts.stage != "arrived" or not own or reducer is None:
        return None
    paths = ", ".join(loss.path for loss in own[:5])
    return Diagnosis(
        cause="reduce-drops-state",
        why=_placed(f"{reducer.__qualname__} leaves out {paths}", reducer),
        evidence=(code.location(reducer),),
    )


def _class_by_value(facts: Facts) -> Diagnosis | None:
    if facts.stage != "arrived" or not any(loss.kind == "type" and loss.path == "exc" for loss in facts.losses):
        return None
    if (
        facts.sent["exceptions"][0]["type"] != _name(facts.cls)
        or Global(facts.cls.__module__, facts.cls.__qualname__) in facts.reading.names
    ):
        return None
    return Diagnosis(
        cause="class-sent-by-value",
        why=f"the payload holds a copy of the class {_name(facts.cls)}, because it cannot be imported under that name",
        evidence=(_name(facts.cls),),
    )


def _rebuilt_otherwise(facts: Facts) -> Diagnosis | None:
    """Something of its own was lost, and the payload only says by what it was rebuilt."""
    root = facts.reading.root
    own = [loss.path for loss in facts.losses if loss.kind not in ("chain", "members")]
    if facts.stage != "arrived" or not own or not isinstance(root, Call) or root.function == _global(facts.cls):
        return None
    shown = ", ".join(map(_brief, root.args)) if isinstance(root.args, tuple) else "..."
    why = f"likely: it is rebuilt by {root.function}({shown}), which does not give back {', '.join(own[:5])}"
    return Diagnosis(cause="rebuilt-otherwise", why=why, evidence=(f"{root.function}({shown})",))


def _global(cls: type) -> Global:
    return Global(cls.__module__, cls.__qualname__)


def _chain_dropped(facts: Facts) -> Diagnosis | None:
    links = [loss.path for loss in facts.losses if loss.kind == "chain" and loss.path.endswith(_LINKS)]
    if facts.stage != "arrived" or not links:
        return None
    reducer = _python_method(facts.cls, "__reduce__") or _python_method(facts.cls, "__reduce_ex__")
    name = reducer.__qualname__ if reducer is not None else "BaseException.__reduce__"
    return Diagnosis(cause="chain-dropped", why=f"{name} does not carry {', '.join(links)}", evidence=(name,))


_LINKS = ("__cause__", "__context__", "__suppress_context__")


CAUSES: tuple[Rule, ...] = (
    _stopped_receiver,
    _unpicklable_value,
    _dumps_failed,
    _missing_name,
    _constructor_does_not_fit,
    _constructor_rejects,
    _loads_failed,
    _dropped_by_python,
    _message_rewritten,
    _reduce_drops,
    _class_by_value,
    _rebuilt_otherwise,
    _chain_dropped,
)


def _called_class(call: Call) -> type | None:
    return code.find_class(call.function.module, call.function.qualname) if isinstance(call.function, Global) else None


def _python_method(cls: type, name: str) -> Any:
    """The method, if it is written in Python."""
    method = getattr(cls, name, None)
    return method if hasattr(method, "__code__") else None


def _is_import_failure(type_name: str) -> bool:
    return type_name in ("builtins.ModuleNotFoundError", "builtins.ImportError", "builtins.AttributeError")


def _placed(line: str, function: Any) -> str:
    """A line with the place of the function that it tells of, on a line of its own where both would be too long."""
    gap = "    " if len(line) <= _ROOM else "\n    "
    return f"{line}{gap}{code.location(function)}"


_ROOM = 90  # characters before a place on the same line


def _name(cls: type) -> str:
    return short_name(f"{cls.__module__}.{cls.__qualname__}")


def error_text(error: dict[str, Any]) -> str:
    """``TypeError: ...``, as the receiver or dumps said it."""
    return f"{short_name(error['type'])}: {show(error['message'])}"


def _brief(value: object) -> str:
    """An argument as the opcodes show it, short."""
    if isinstance(value, Call):
        return f"{value.function}(...)"
    if isinstance(value, (list, tuple)):
        return "[...]" if isinstance(value, list) else "(...)"
    text = str(value) if isinstance(value, Global) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
