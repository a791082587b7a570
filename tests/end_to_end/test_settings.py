"""Command line, ini and both TOML forms; and what is wrong in each is a usage error that names its
origin."""

from __future__ import annotations

from typing import Any

import pytest

LOSSY = (
    "@pytest.mark.portable_exception\ndef test_it():\n    with pytest.raises(NotFound): "
    "raise NotFound('bob')\n"
)
NATIVE = pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="[tool.pytest] is pytest 9")

FORMS = {
    "ini": ("pytest.ini", "[pytest]\npythonpath = .\n{}", "{key} = {text}\n"),
    "toml": (
        "pyproject.toml",
        '[tool.pytest.ini_options]\npythonpath = ["."]\n{}',
        "{key} = {toml}\n",
    ),
    "native": ("pyproject.toml", '[tool.pytest]\npythonpath = ["."]\n{}', "{key} = {toml}\n"),
}
SETTINGS = {
    "portable_errors_receiver": ("\n  with-project\n  stdlib", '["with-project", "stdlib"]'),
    "portable_errors_serializers": ("pickle:2 cloudpickle", '["pickle:2", "cloudpickle"]'),
    "portable_errors_checks": ("message", '["message"]'),
    "portable_errors_timeout": ("5", "5"),
}


@pytest.mark.parametrize("form", ["ini", "toml", pytest.param("native", marks=NATIVE)])
def test_every_form_of_every_setting(run: Any, pytester: pytest.Pytester, form: str) -> None:
    (pytester.path / "tox.ini").unlink()
    name, whole, line = FORMS[form]
    pytester.path.joinpath(name).write_text(
        whole.format("".join(line.format(key=k, text=t, toml=v) for k, (t, v) in SETTINGS.items()))
    )
    result = run(LOSSY)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            (
                "shop.errors.NotFound arrives changed: message      [[]pickle:2 and cloudpickle; "
                "receiver: with-project]"
            ),
            (
                "shop.errors.NotFound does not arrive: loads raised ModuleNotFoundError      "
                "[[]pickle:2 and cloudpickle; receiver: stdlib]"
            ),
        ]
    )


def test_the_command_line_goes_before_the_file(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = .\nportable_errors_receiver = stdlib\n")
    result = run(LOSSY, "--portable-errors-receiver", "with-project")
    result.stdout.fnmatch_lines(["*receiver: with-project]"])
    result.stdout.no_fnmatch_line("*receiver: stdlib]")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "portable_errors_timeout = fast",
            '*portable_errors_timeout = "fast" (tox.ini): expected seconds, e.g. 5',
        ),
        (
            "portable_errors_timeout = -1",
            "*portable_errors_timeout*tox.ini*: expected seconds, e.g. 5*",
        ),
        (
            "portable_errors_receiver = moon",
            (
                '*portable_errors_receiver (tox.ini): unknown "moon": expected one of '
                "without-project, stdlib, with-project, or the path of a Python interpreter"
            ),
        ),
        (
            "portable_errors_checks = typo",
            '*portable_errors_checks (tox.ini): unknown "typo": expected one of type, message, *',
        ),
        (
            "portable_errors_serializers = json",
            (
                '*portable_errors_serializers (tox.ini): unknown "json": expected one of pickle, '
                "cloudpickle, dill, *"
            ),
        ),
    ],
)
def test_a_bad_value_in_the_file(
    run: Any, pytester: pytest.Pytester, line: str, message: str
) -> None:
    pytester.makeini(f"[pytest]\n{line}\n")
    result = run(LOSSY)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (
            "--portable-errors-receiver=moon",
            (
                '*--portable-errors-receiver: unknown "moon": expected one of without-project, '
                "stdlib, with-project, or the path of a Python interpreter"
            ),
        ),
        (
            "--portable-errors-suite=moon",
            (
                '*--portable-errors-suite: unknown "moon": expected one of aiohttp, * sqlalchemy, or a package '
                "that can be imported"
            ),
        ),
    ],
)
def test_a_bad_value_on_the_command_line(run: Any, option: str, message: str) -> None:
    result = run(LOSSY, option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_help(run_pytest: Any) -> None:
    text = run_pytest("--help").stdout.str()
    for word in ("--portable-errors-suite=NAME", "--portable-errors-receiver=NAME", *SETTINGS):
        assert word in text


OWN = """
import pickle

class Reversed:
    name = "reversed"
    loader = "shop.wire:loads"
    needs = ("shop.wire",)

    def dumps(self, exc):
        return pickle.dumps(exc)[::-1]

def pytest_portable_errors_serializers():
    return [{}]
"""


def test_a_serializer_that_a_plugin_adds(run: Any, pytester: pytest.Pytester) -> None:
    (pytester.path / "shop" / "wire.py").write_text(
        "import pickle\n\n\ndef loads(payload):\n    return pickle.loads(payload[::-1])\n"
    )
    pytester.makeconftest(OWN.format("Reversed()"))
    source = (
        "@pytest.mark.portable_exception(serializers=('reversed',))\ndef test_it():\n    "
        "with pytest.raises(ValueError): int('x')\n"
    )
    run(source).assert_outcomes(passed=1)


def test_an_added_object_that_is_no_serializer_is_a_usage_error(
    run: Any, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(OWN.format("object()"))
    result = run(LOSSY)
    assert result.ret != 0
    assert (
        "is no Serializer: it needs name: str, dumps(exc) -> bytes"
        in result.stdout.str() + result.stderr.str()
    )


def test_a_hook_that_returns_one_serializer_is_a_usage_error(
    run: Any, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(OWN.format("Reversed()").replace("[Reversed()]", "Reversed()"))
    result = run(LOSSY)
    assert result.ret != 0
    assert (
        "pytest_portable_errors_serializers must return a list of serializers"
        in result.stdout.str() + result.stderr.str()
    )
