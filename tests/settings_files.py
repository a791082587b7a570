"""Settings in each of the forms that pytest reads, and what a run under them found."""

from __future__ import annotations

import json

import pytest

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
EVERY_FORM = pytest.mark.parametrize("form", ["ini", "toml", pytest.param("native", marks=NATIVE)])
REPORTED = ("--portable-errors-report=found.json", "--portable-errors-receiver=with-project")


def write(pytester: pytest.Pytester, form: str, **settings: object) -> str:
    """Write the settings in that form, and give the file's name. A list is written as one, and in
    an ini file one a line."""
    (pytester.path / "tox.ini").unlink(missing_ok=True)
    name, whole, line = FORMS[form]
    lines = []
    for key, value in settings.items():
        text = "".join(f"\n  {one}" for one in value) if isinstance(value, list) else value
        lines.append(line.format(key=key, text=text, toml=json.dumps(value)))
    pytester.path.joinpath(name).write_text(whole.format("".join(lines)))
    return name


def found(pytester: pytest.Pytester) -> dict[str, str]:
    """What became of each class, without the package's name."""
    document = json.loads((pytester.path / "found.json").read_text())
    return {cls.rpartition(".")[2]: state for cls, state in document["classes"].items()}
