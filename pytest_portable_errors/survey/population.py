"""The exception classes of a project and of packages, raised by a test or not: each is one case."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterable, Sequence

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations, Factory
from pytest_portable_errors.receiver.fields import type_name
from pytest_portable_errors.report.rows import ADDED_LATER
from pytest_portable_errors.sender.project import Project
from pytest_portable_errors.survey.build import CannotBuild, Variant, build
from pytest_portable_errors.survey.cases import Case, Subject
from pytest_portable_errors.survey.classes import subclasses_in, subclasses_where


def classes_of_project(project: Project) -> list[type[BaseException]]:
    """Those that exist now and that no test defines. Imports nothing."""
    verdicts: dict[str, bool] = {}

    def is_meant(module: str) -> bool:
        if module not in verdicts:
            verdicts[module] = (
                project.owns(module)
                and not project.is_test(module)
                and not _is_our_own(module, project)
            )
        return verdicts[module]

    return subclasses_where(is_meant)


def _is_our_own(module: str, project: Project) -> bool:
    """Whether it is this plugin's, or pytest's, which are not what is tested here: installed as
    editable, or copied by pytest-xdist."""
    return module.partition(".")[0] in (
        __name__.partition(".")[0],
        "pytest",
        "_pytest",
    ) and not project.holds(os.path.realpath(__file__))


def classes_of_package(name: str) -> list[type[BaseException]]:
    """Those of a package, which is imported; if that brings none, with the module of it that
    usually has them.

    Raises PortableErrorsError when it cannot be imported, or has none.
    """
    _import(name)
    for module in _USUAL:
        if subclasses_in(name):
            break
        if _is_package(name) and importlib.util.find_spec(f"{name}.{module}") is not None:
            _import(f"{name}.{module}")
    found = subclasses_in(name)
    if not found:
        raise PortableErrorsError(
            f"survey of {name}: importing it brings no exception class; name the module that "
            f"has them, e.g. {name}.failures"
        )
    return found


def _is_package(name: str) -> bool:
    return hasattr(sys.modules[name], "__path__")


_USUAL = ("exceptions", "errors", "exc", "error")


def _import(name: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own, which are not what is tested
            importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # foreign code
        raise PortableErrorsError(
            f"survey of {name}: importing it raised {type(error).__name__}: {error}"
        ) from error


def cases(
    classes: Iterable[type[BaseException]], *, serializers: Sequence[str], declared: Declarations
) -> list[Case]:
    """One for each class, sorted by name."""
    named = {type_name(cls): cls for cls in classes}
    return [
        Case(
            subject=Subject(
                name=name, origin="", instances=functools.partial(_instances, named[name], declared)
            ),
            serializers=tuple(serializers),
            is_surveyed=True,
        )
        for name in sorted(named)
    ]


def _instances(cls: type[BaseException], declared: Declarations) -> list[Variant]:
    """As built, and once more with what is added to exceptions later: an author's ``__reduce__``
    may not expect that."""
    factory = declared.factory(cls)
    variants = _made_by(factory, cls) if factory is not None else build(cls, values={})
    again = _made_by(factory, cls) if factory is not None else build(cls, values={})
    return [*variants, *_with_additions(again[0])]


def _made_by(factory: Factory, cls: type[BaseException]) -> list[Variant]:
    try:
        made = factory(cls)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # foreign code
        raise CannotBuild(
            f"pytest_portable_errors_instances, for {cls.__qualname__}: "
            f"{type(error).__name__}: {error}"
        ) from error
    instances = [made] if isinstance(made, BaseException) else list(made)
    for exc in instances:
        if type(exc) is not cls:
            raise CannotBuild(
                f"pytest_portable_errors_instances gave {type(exc).__qualname__} for "
                f"{cls.__qualname__}"
            )
    if not instances:
        raise CannotBuild(f"pytest_portable_errors_instances gave nothing for {cls.__qualname__}")
    return [Variant(how="by pytest_portable_errors_instances", exc=exc) for exc in instances]


def _with_additions(variant: Variant) -> list[Variant]:
    exc = variant.exc
    is_changed = False
    for name, value in (
        ("__notes__", ["note added later"]),
        ("added_by_the_survey", "text added later"),
    ):
        try:
            setattr(exc, name, value)  # add_note exists from Python 3.11 on, and does the same
        except Exception:  # frozen, or with a __setattr__ that refuses: nobody can add anything
            continue
        is_changed = True
    return [Variant(how=f"{variant.how} {ADDED_LATER}", exc=exc)] if is_changed else []
