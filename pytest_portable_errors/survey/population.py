"""The survey: each exception class of a project or package is a case, raised by a test or not."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Sequence

from pytest_portable_errors.building.build import CannotBuild, Variant, build
from pytest_portable_errors.judging.declarations import Declarations, Factory
from pytest_portable_errors.receiver.fields import type_name
from pytest_portable_errors.report.rows import ADDED_LATER, MADE_BY_HOOK
from pytest_portable_errors.sender.project import Project
from pytest_portable_errors.survey.cases import Case, Subject
from pytest_portable_errors.survey.classes import subclasses_where


def classes_of_project(project: Project) -> list[type[BaseException]]:
    """The project's exception classes that exist now and that no test defines. Imports nothing."""
    verdicts: dict[str, bool] = {}

    def is_meant(module: str) -> bool:
        if module not in verdicts:
            verdicts[module] = (
                project.owns(module)
                and not project.is_test(module)
                and not _is_of_this_plugin(module, project)
                and not (project.context.is_nested and not project.holds_module(module))
            )
        return verdicts[module]

    return subclasses_where(is_meant)


def _is_of_this_plugin(module: str, project: Project) -> bool:
    """Whether a module is this plugin's or pytest's, and the project is another.

    A project seems to own them if they are installed as editable, or copied by pytest-xdist.
    """
    return module.partition(".")[0] in (
        __name__.partition(".")[0],
        "pytest",
        "_pytest",
    ) and not project.holds(os.path.realpath(__file__))


def cases(
    classes: Iterable[type[BaseException]], *, serializers: Sequence[str], declared: Declarations
) -> list[Case]:
    """One case for each class, sorted by dotted name.

    Args:
        classes: The classes; duplicates are dropped.
        serializers: Names of the serializers that each case uses.
        declared: What the project declares, such as how instances are made.
    """
    by_name = {type_name(cls): cls for cls in classes}
    return [
        Case(
            subject=Subject(
                name=name,
                origin="",
                instances=functools.partial(_instances, by_name[name], declared),
            ),
            serializers=tuple(serializers),
            is_surveyed=True,
        )
        for name in sorted(by_name)
    ]


def _instances(cls: type[BaseException], declared: Declarations) -> list[Variant]:
    """Instances as built, and one more with a note and an attribute that are added later.

    An author's ``__reduce__`` may not expect those.
    """
    variants = _variants(cls, declared)
    return [*variants, *_with_additions(_variants(cls, declared)[0])]


def _variants(cls: type[BaseException], declared: Declarations) -> list[Variant]:
    factory = declared.factory(cls)
    return build(cls, values={}) if factory is None else _made_by(factory, cls)


def _made_by(factory: Factory, cls: type[BaseException]) -> list[Variant]:
    try:
        result = factory(cls)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # foreign code
        raise CannotBuild(
            f"pytest_portable_errors_instances, for {cls.__qualname__}: "
            f"{type(error).__name__}: {error}"
        ) from error
    instances = [result] if isinstance(result, BaseException) else list(result)
    for exc in instances:
        if type(exc) is not cls:
            raise CannotBuild(
                f"pytest_portable_errors_instances gave {type(exc).__qualname__} for "
                f"{cls.__qualname__}"
            )
    if not instances:
        raise CannotBuild(f"pytest_portable_errors_instances gave nothing for {cls.__qualname__}")
    return [Variant(how=MADE_BY_HOOK, exc=exc) for exc in instances]


def _with_additions(variant: Variant) -> list[Variant]:
    """The variant after a note and an attribute were added to it; [] if it takes neither."""
    exc = variant.exc
    is_changed = False
    for name, value in (
        ("__notes__", ["note added later"]),
        ("added_by_the_survey", "text added later"),
    ):
        try:
            setattr(exc, name, value)  # add_note exists from Python 3.11 on, and does the same
        except Exception:  # frozen, or its __setattr__ refuses: nobody can add anything
            continue
        is_changed = True
    return [Variant(how=f"{variant.how} {ADDED_LATER}", exc=exc)] if is_changed else []
