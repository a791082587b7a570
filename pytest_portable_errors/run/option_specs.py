"""Declares the markers, the command line options and the ini keys; ``options.py`` reads them."""

from __future__ import annotations

from typing import Literal

import pytest

from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER, NAMED_RECEIVERS

# Before pytest 8.4 an ini value was always a string; since then TOML may give a number, if the key
# asks for one.
_NUMBER: Literal["float", "string"] = "float" if pytest.version_tuple >= (8, 4) else "string"

MARKER = "portable_exception"
"""The marker of a test whose exceptions have to survive the trip."""
CASES = "portable_cases"
"""The marker of a test that runs once for each case of a suite."""


def add_markers(config: pytest.Config) -> None:
    """Declare the markers, for ``pytest --markers`` and ``--strict-markers``."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(*, raises, chain, arrives_as, receiver, serializers, checks, at_least, "
        "primitive, hops, reason): the exceptions that the "
        "test raises survive the trip to another process (pytest-portable-errors)",
    )
    config.addinivalue_line(
        "markers",
        f"{CASES}(suite): the test runs once for each case of the suite (pytest-portable-errors)",
    )


def add_options(parser: pytest.Parser) -> None:
    """Declare the command line options and the ini keys."""
    _add_command_line_options(parser)
    _add_ini_keys(parser)


def _add_command_line_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("portable errors", "exceptions survive the trip to another process")
    group.addoption(
        "--portable-errors",
        action="store_true",
        default=False,
        help="check every exception that the tests raise, and without paths every exception "
        "class of the project; "
        "defects fail the tests that meet them. The same as --portable-errors-mode=error.",
    )
    group.addoption(
        "--portable-errors-mode",
        metavar="MODE",
        default=None,
        help=(
            "off; warn: check all and fail nothing, the summary tells; or error. Default: the "
            "ini key portable_errors, or off."
        ),
    )
    group.addoption(
        "--portable-errors-receiver",
        action="append",
        default=[],
        metavar="NAME",
        help=f"where the exceptions are rebuilt: {', '.join(NAMED_RECEIVERS)}, or the path of "
        "a Python interpreter. "
        f"Default: {DEFAULT_RECEIVER}. Repeatable.",
    )
    group.addoption(
        "--portable-errors-suite",
        action="append",
        default=[],
        metavar="NAME",
        help="check the exception classes of a library, e.g. litellm; without paths only these. "
        "A name that is no suite is surveyed as a package. Repeatable.",
    )
    group.addoption(
        "--portable-errors-survey",
        action="append",
        default=[],
        metavar="PACKAGE",
        help=(
            "import all modules of a package, the project's or any other, and check its exception "
            "classes, each built in three ways; dependencies: all that the project requires, each "
            "in a process of its own. Repeatable."
        ),
    )
    group.addoption(
        "--portable-errors-survey-depth",
        default="1",
        metavar="N",
        help="with --portable-errors-survey dependencies: 1, what the project requires; 2, what "
        "those require, too; and so on. Default: 1.",
    )
    group.addoption(
        "--portable-errors-no-cache",
        action="store_true",
        default=False,
        help="survey the dependencies anew, and keep nothing of it.",
    )
    group.addoption(
        "--portable-errors-report",
        action="append",
        default=[],
        metavar="FILE",
        help="write what was found to a .json, an .html or a .sarif file (for code scanning). "
        "Repeatable.",
    )
    group.addoption(
        "--portable-errors-baseline",
        default=None,
        metavar="FILE",
        help=(
            "known defects: only what is not in it fails. Default: "
            "portable-errors-baseline.txt beside the ini file, if it is there."
        ),
    )
    group.addoption(
        "--portable-errors-update-baseline",
        action="store_true",
        default=False,
        help="write what this run meets to the baseline, and fail nothing of it; "
        "what is gone (its class was checked, and arrived whole) is taken out.",
    )
    group.addoption(
        "--portable-errors-goldens",
        default=None,
        metavar="DIR",
        help="the folder of payloads that earlier releases have pickled: each is loaded with "
        "today's code. Default: the ini key portable_errors_goldens, or none.",
    )
    group.addoption(
        "--portable-errors-update-goldens",
        action="store_true",
        default=False,
        help="write a golden of each exception class of the project that this run meets, for the "
        "project's version; those of earlier releases stay as they are.",
    )
    group.addoption(
        "--portable-errors-goldens-keep",
        default="5",
        metavar="N",
        help="when goldens are written, those of the last N releases stay. Default: 5.",
    )
    group.addoption(
        "--portable-errors-goldens-release",
        default="",
        metavar="NAME",
        help="the release that goldens are written for. Default: the project's version.",
    )
    group.addoption(
        "--portable-errors-fix",
        action="store_true",
        default=False,
        help="write the fixes that were proved and give nothing up: methods into the project's "
        "classes, reducers for others' classes into one module (portable_errors_reducers). Exit "
        "status 1 if anything was written.",
    )
    group.addoption(
        "--portable-errors-fix-unsafe",
        action="store_true",
        default=False,
        help="write the fixes, too, that give something up; each is named, and what it needs is "
        "added to portable_errors_expect.",
    )
    group.addoption(
        "--portable-errors-diff",
        action="store_true",
        default=False,
        help="print what --portable-errors-fix (or -fix-unsafe, if given) would write as a "
        "unified diff, and write nothing.",
    )


def _add_ini_keys(parser: pytest.Parser) -> None:
    parser.addini(
        "portable_errors",
        "check every exception that the tests raise: off, warn or error; true is error "
        "(default: off)",
        type="string",
        default="",
    )
    parser.addini(
        "portable_errors_receiver",
        "where exceptions are rebuilt, one a line (default: without-project)",
        type="linelist",
        default=[],
    )
    parser.addini(
        "portable_errors_receiver_setup",
        "module:callable that the reader of the errors calls at its start, one a line; called in "
        "the receiver with-project and in interpreters given by path (default: django:setup in "
        "with-project where DJANGO_SETTINGS_MODULE is set; none: nothing)",
        type="linelist",
        default=[],
    )
    parser.addini(
        "portable_errors_installed",
        "modules that the receivers have although the project or the tests bring them, one a line",
        type="linelist",
        default=[],
    )
    parser.addini(
        "portable_errors_absent",
        "modules that the receivers lack although they are installed, one a line",
        type="linelist",
        default=[],
    )
    parser.addini(
        "portable_errors_serializers",
        "what they are pickled with (default: pickle cloudpickle)",
        type="args",
        default=[],
    )
    parser.addini(
        "portable_errors_checks",
        "what is compared (default: all but traceback and additions)",
        type="args",
        default=[],
    )
    parser.addini(
        "portable_errors_capture",
        "which exceptions are checked: raises (pytest.raises), unittest (assertRaises), escaped, "
        "handled (by any except clause of the project or its tests; Python 3.12 or later). "
        "Default: raises unittest escaped",
        type="args",
        default=[],
    )
    parser.addini(
        "portable_errors_expect",
        (
            "deliberate changes of type, one a line: app.StepFailed -> builtins.RuntimeError; and "
            "attributes that stay behind: app.Locked without client; covers subclasses"
        ),
        type="linelist",
        default=[],
    )
    parser.addini(
        "portable_errors_ignore",
        "exception classes not to check, one a line: dotted names, * matches any",
        type="linelist",
        default=[],
    )
    parser.addini(
        "portable_errors_survey",
        "packages whose exception classes are checked as well; none: only what tests raise",
        type="args",
        default=[],
    )
    parser.addini(
        "portable_errors_atlas",
        "whether the summary says what has been seen of the project's dependencies elsewhere "
        "(default: true)",
        type="string",
        default="",
    )
    parser.addini(
        "portable_errors_baseline",
        "the file of known defects, relative to the ini file",
        type="string",
        default="",
    )
    parser.addini(
        "portable_errors_goldens",
        "the folder of payloads that earlier releases have pickled, relative to the ini file "
        "(default: none)",
        type="string",
        default="",
    )
    parser.addini(
        "portable_errors_reducers",
        "the module that --portable-errors-fix writes reducers for others' classes to, relative to "
        "the ini file (default: exception_reducers.py in the project's top package)",
        type="string",
        default="",
    )
    parser.addini(
        "portable_errors_credentials",
        (
            "what a payload is that carries credentials: off, warn (named in the summary) or error "
            "(default: warn)"
        ),
        type="string",
        default="warn",
    )
    parser.addini(
        "portable_errors_timeout",
        "seconds of processor time that one check may take in the receiver (default: 10)",
        type=_NUMBER,
        default="",
    )
    parser.addini(
        "portable_errors_hops",
        "how often an exception is pickled and rebuilt, 1 to 5: what arrived is pickled again by "
        "its reader, and loaded in another process (default: 1)",
        type=_NUMBER,
        default="",
    )
    parser.addini(
        "portable_errors_thorough",
        "send every exception that tests raise, also where enough of its class have shown how they "
        "fare; slower (default: false)",
        type="string",
        default="",
    )
