"""Rules for a payload that could not be rebuilt: the receiver ended, or lacks something.

Each docstring states the defect that its rule finds; ``causes.py`` has the order.
"""

from __future__ import annotations

from dataclasses import replace

from pytest_portable_errors.diagnosis import source_places
from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_NOT_IMPORTABLE,
    CRASHES_THE_RECEIVER,
    HANGS_THE_RECEIVER,
    LINK_CANNOT_BE_REBUILT,
    LOADS_FAILED,
    RECEIVER_NOT_SET_UP,
    RECONSTRUCTOR_NOT_IMPORTABLE,
    VALUE_CANNOT_BE_LOADED,
)
from pytest_portable_errors.diagnosis.facts import Facts, WithProject
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loads_failed_calls import misfit_of
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_paths import path_of
from pytest_portable_errors.diagnosis.shown import error_text
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.diagnosis.wording import arguments, called, wants_set_up
from pytest_portable_errors.receiver.described import Stage

# These say that settings are missing, wherever they are raised (django.core.exceptions).
_NOT_SET_UP = (
    "django.core.exceptions.ImproperlyConfigured",
    "django.core.exceptions.AppRegistryNotReady",
)


def stopped_receiver(facts: Facts) -> Diagnosis | None:
    """Rebuilding the exception ended the receiver's process, or did not come to an end."""
    if facts.stage is Stage.CRASHED:
        why = f"rebuilding it ended the receiver's process: {facts.how}"
        return Diagnosis(cause=CRASHES_THE_RECEIVER, why=why, evidence=(str(facts.how),))
    if facts.stage is Stage.TIMED_OUT:
        return Diagnosis(
            cause=HANGS_THE_RECEIVER,
            why=f"rebuilding it did not come to an end: {facts.how}",
            evidence=(str(facts.how),),
        )
    return None


def receiver_not_set_up(facts: Facts) -> Diagnosis | None:
    """Importing a module raises, though the receiver has it: a library was not set up.

    Django's modules do so before ``django.setup()``. A call counts, too, if it raises one of
    Django's errors for missing settings.
    """
    failure = facts.failure
    if (
        facts.stage is not Stage.LOADS
        or failure is None
        or facts.error is None
        or (facts.missing and is_import_failure(facts))
    ):
        return None
    is_import = isinstance(failure.subject, Global)
    if not is_import and facts.error["type"] not in _NOT_SET_UP:
        return None
    action = (
        f"importing {failure.subject.module}"
        if isinstance(failure.subject, Global)
        else f"making {failure.path} again"
    )
    why = (
        f"{action} in the receiver raised "
        f"{error_text(facts.error)}\n{wants_set_up(facts.error['type'])}"
    )
    return Diagnosis(
        cause=RECEIVER_NOT_SET_UP,
        why=why,
        evidence=(failure.path if not is_import else str(failure.subject), facts.error["type"]),
    )


def missing_name(facts: Facts) -> Diagnosis | None:
    """The receiver lacks a class or function: the exception's own, a link's, or a value's."""
    if facts.stage is not Stage.LOADS or not facts.missing or not is_import_failure(facts):
        return None
    module, qualname, absent = facts.missing[0]
    name = f"{module}.{qualname}"
    lacks = f"no module {absent!r}" if absent else f"no {qualname!r} in {module}"
    path = path_of(Global(module, qualname), facts.reading.root) or "exc"
    is_class = source_places.find_class(module, qualname) is not None
    if path != "exc":
        cause = (
            LINK_CANNOT_BE_REBUILT
            if ValuePath.of(path).goes_along_the_chain
            else VALUE_CANNOT_BE_LOADED
        )
        why = f"the payload holds {path}, which needs {name}, and the receiver has {lacks}"
        if cause == LINK_CANNOT_BE_REBUILT:
            why += "\nthe whole exception goes down with that link"
    elif is_class:
        cause, why = (
            CLASS_NOT_IMPORTABLE,
            f"the payload names the class {name}, and the receiver has {lacks}",
        )
    else:
        cause, why = (
            RECONSTRUCTOR_NOT_IMPORTABLE,
            f"the payload is rebuilt by {name}(), and the receiver has {lacks}",
        )
    with_project = facts.with_project
    if (
        with_project is not None
        and any(loss.kind != "chain" for loss in with_project.losses)
        and with_project.diagnosis is not None
    ):
        # This defect is to be repaired first: it would stay if the project were installed.
        beginning = (
            "here"
            if with_project.diagnosis.cause == RECEIVER_NOT_SET_UP
            else "broken everywhere: here"
        )
        return replace(
            with_project.diagnosis,
            why=f"{with_project.diagnosis.why}\n{beginning} {why}",
            evidence=(*with_project.diagnosis.evidence, lacks),
        )
    if facts.defined_in_test:
        why += "\nit is defined in a test module, which no receiver has"
    elif with_project is not None:
        why += f"\n{_outcome_with_project(with_project)}"
    return Diagnosis(cause=cause, why=why, evidence=(name, lacks, path))


def _outcome_with_project(with_project: WithProject) -> str:
    lost_kinds = tuple(dict.fromkeys(loss.kind for loss in with_project.losses))
    if "arrival" in lost_kinds:
        return "where the project is installed it does not arrive, either"
    lost = (
        ""
        if not lost_kinds
        else ", but without its chain"
        if lost_kinds == ("chain",)
        else f", but changed: {', '.join(lost_kinds)}"
    )
    return f"arrives only where the project is installed (receiver with-project: it arrives{lost})"


def loads_failed(facts: Facts) -> Diagnosis | None:
    """Loads raised an error that no other rule explains."""
    if facts.stage is not Stage.LOADS or facts.error is None:
        return None
    root = facts.reading.root
    by = (
        f" by {called(root.function)}({arguments(root, facts.mask)})"
        if isinstance(root, Call)
        else ""
    )
    return Diagnosis(
        cause=LOADS_FAILED,
        why=f"rebuilding it{by} raised {error_text(facts.error)}",
        evidence=(facts.error["type"],),
    )


def needs_replay(facts: Facts) -> bool:
    """Whether only a second run of loads can tell where it failed.

    Not so if loads failed for want of a name, or a call does not fit its constructor.
    """
    if facts.stage is not Stage.LOADS or facts.reading.root is None:
        return False
    return not (facts.missing and is_import_failure(facts)) and misfit_of(facts) is None


def is_import_failure(facts: Facts) -> bool:
    """Whether loads failed for want of a module, or of a name in one."""
    import_errors = (
        "builtins.ModuleNotFoundError",
        "builtins.ImportError",
        "builtins.AttributeError",
    )
    return facts.error is not None and (
        facts.error["type"] in import_errors or facts.error.get("raised_for") in import_errors
    )
