"""Rules for a payload that could not be rebuilt because of one of the calls that loads makes.

That is a call of a constructor, of a ``__setstate__``, or of what rebuilds a value.
"""

from __future__ import annotations

from dataclasses import replace
from types import FunctionType

from pytest_portable_errors.diagnosis import class_code, class_source, source_places
from pytest_portable_errors.diagnosis.cause_names import (
    INIT_DOES_NOT_FIT_ARGS,
    INIT_REJECTS_ARGS,
    INIT_TAKES_NO_ARGUMENTS,
    LINK_CANNOT_BE_REBUILT,
    STATE_CANNOT_BE_RESTORED,
    VALUE_CANNOT_BE_LOADED,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_paths import path_of
from pytest_portable_errors.diagnosis.shown import error_text
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.diagnosis.wording import (
    arguments,
    called,
    class_name,
    placed,
    set_anew,
)
from pytest_portable_errors.receiver.described import Stage
from pytest_portable_errors.receiver.escaped import escaped


def constructor_does_not_fit(facts: Facts) -> Diagnosis | None:
    """Loads calls a class with what ``args`` holds, and its ``__init__`` takes something else."""
    misfit = misfit_of(facts)
    if facts.stage is not Stage.LOADS or misfit is None:
        return None
    call, cls, constructor = misfit
    passed, parameters = arguments(call, facts.mask), class_source.parameters(constructor)
    keyword_only = class_source.keyword_only(constructor)
    init, name = escaped(constructor.__name__), escaped(cls.__qualname__)
    cause, why = INIT_DOES_NOT_FIT_ARGS, f"but {init} takes {parameters}"
    if parameters == "()":
        cause, why = INIT_TAKES_NO_ARGUMENTS, f"but {init} takes none: its message is fixed"
    elif keyword_only:
        why += f", where {', '.join(keyword_only)} must be named"
    path = path_of(call, facts.reading.root) or "exc"
    call_text = f"loads calls {name}({passed}) - {_origin(cls, path, constructor)} -"
    diagnosis = Diagnosis(
        cause=cause,
        why=f"{call_text}\n{placed(why, source_places.location(constructor))}",
        evidence=(f"{class_name(cls)}({passed})", parameters, source_places.location(constructor)),
    )
    return _as_link_diagnosis(diagnosis, path)


def state_cannot_be_restored(facts: Facts) -> Diagnosis | None:
    """The object is made, and setting its state raises."""
    failure = facts.failure
    if (
        facts.stage is not Stage.LOADS
        or failure is None
        or failure.opcode != "BUILD"
        or facts.error is None
    ):
        return None
    call = failure.subject if isinstance(failure.subject, Call) else None
    cls = None if call is None else _called_class(call)
    setter = None if cls is None or call is None else class_code.setter_at_fault(cls, call.state)
    why = f"{failure.path} is made, and setting its state raises {error_text(facts.error)}"
    evidence = [failure.path, facts.error["type"]]
    if setter is not None:
        why += f"\n{setter}"
        evidence.append(setter)
    return _as_link_diagnosis(
        Diagnosis(cause=STATE_CANNOT_BE_RESTORED, why=why, evidence=tuple(evidence)), failure.path
    )


def constructor_rejects(facts: Facts) -> Diagnosis | None:
    """Loads calls an exception class with arguments that fit its signature, and it raises.

    Without a replay the last such call of the payload is the likely one.
    """
    if facts.stage is not Stage.LOADS or facts.error is None:
        return None
    failure = facts.failure
    calls = [failure.subject] if failure is not None else facts.reading.calls[::-1]
    for call in calls:
        cls = _called_class(call) if isinstance(call, Call) and call.by == "reduce" else None
        constructor = None if cls is None else class_source.own_constructor(cls)
        if (
            cls is not None
            and constructor is not None
            and isinstance(call, Call)
            and issubclass(cls, BaseException)
        ):
            path = path_of(call, facts.reading.root) or "exc" if failure is None else failure.path
            passed = arguments(call, facts.mask)
            likely = "" if failure is not None else "likely: "
            why = (
                f"{likely}loads calls {escaped(cls.__qualname__)}({passed}) - "
                f"{_origin(cls, path, constructor)} -\n"
                f"and {escaped(constructor.__name__)}{class_source.parameters(constructor)}\n"
                + placed(f"raises {error_text(facts.error)}", source_places.location(constructor))
            )
            return _as_link_diagnosis(
                Diagnosis(
                    cause=INIT_REJECTS_ARGS,
                    why=why,
                    evidence=(f"{class_name(cls)}({passed})", source_places.location(constructor)),
                ),
                path,
            )
    return None


def _origin(cls: type, path: str, constructor: FunctionType) -> str:
    """Where the arguments come from with which loads calls a class."""
    reducer = class_source.reducer_of(cls)
    if reducer is not None:
        return f"what {reducer.title} gave"
    if issubclass(cls, BaseException):
        return f"the class with {path}.args{set_anew(constructor)}"
    return f"the class with what was stored of {path}"


def unloadable_value(facts: Facts) -> Diagnosis | None:
    """A value that the exception holds was pickled, and cannot be made again."""
    failure = facts.failure
    if (
        facts.stage is not Stage.LOADS
        or failure is None
        or facts.error is None
        or failure.path == "exc"
    ):
        return None
    function = called(
        failure.subject.function if isinstance(failure.subject, Call) else failure.subject
    )
    diagnosis = Diagnosis(
        cause=VALUE_CANNOT_BE_LOADED,
        why=(
            f"{failure.path} was pickled, and making it again by {function} raises "
            f"{error_text(facts.error)}"
        ),
        evidence=(failure.path, function, facts.error["type"]),
    )
    return _as_link_diagnosis(diagnosis, failure.path)


def misfit_of(facts: Facts) -> tuple[Call, type, FunctionType] | None:
    """Find the first call of a class with arguments that its constructor does not take.

    Loads gets no further than that call.

    Returns:
        The call, the class, and its ``__init__`` or ``__new__``; None if all calls fit, as far as
        classes and signatures are known.
    """
    for call in facts.reading.calls:
        cls = _called_class(call)
        if cls is None or call.by != "reduce" or not isinstance(call.args, tuple):
            continue
        constructor = class_source.own_constructor(cls)
        if constructor is not None and not class_source.fits(constructor, call.args):
            return call, cls, constructor
    return None


def _as_link_diagnosis(diagnosis: Diagnosis, path: str) -> Diagnosis:
    """Say of a link of the chain that the whole exception goes down with it.

    As it is, if the path leads to the exception itself, to its values, or to a group's member.
    """
    if not ValuePath.of(path).goes_along_the_chain:
        return diagnosis
    why = (
        "the payload carries the chain, and the whole exception goes down with "
        f"{path}:\n{diagnosis.why}"
    )
    return replace(
        diagnosis,
        cause=LINK_CANNOT_BE_REBUILT,
        why=why,
        evidence=tuple(dict.fromkeys((path, *diagnosis.evidence))),
    )


def _called_class(call: Call) -> type | None:
    return (
        source_places.find_class(call.function.module, call.function.qualname)
        if isinstance(call.function, Global)
        else None
    )
