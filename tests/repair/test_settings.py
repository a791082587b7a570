"""Lines are added to ``portable_errors_expect``, and every other line of the file stays."""

from __future__ import annotations

import configparser
import sys

import iniconfig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.repair.settings import CannotAdd, with_expected

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ADDED = "shop.errors.A -> shop.errors.A without lock"
OTHER = "shop.errors.B -> builtins.RuntimeError"
SECTIONS = {
    "pyproject.toml": "[tool.pytest.ini_options]",
    "pytest.toml": "[pytest]",
    ".pytest.toml": "[pytest]",
    "pytest.ini": "[pytest]",
    ".pytest.ini": "[pytest]",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}
NAMES = st.sampled_from(sorted(SECTIONS))
TOML = [name for name in SECTIONS if name.endswith(".toml")]
INI = [name for name in SECTIONS if not name.endswith(".toml")]


def read(text: str, name: str) -> list[str]:
    """The lines of the setting as pytest reads them."""
    if name.endswith(".toml"):
        tables = tomllib.loads(text)
        table = tables["tool"]["pytest"] if name == "pyproject.toml" else tables["pytest"]
        value = table.get("ini_options", table)["portable_errors_expect"]
        return value.splitlines() if isinstance(value, str) else list(value)
    sections = iniconfig.IniConfig(name, text.replace("\r\n", "\n"))
    value = sections[SECTIONS[name].strip("[]")]["portable_errors_expect"]
    return [line.strip() for line in value.splitlines() if line.strip()]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_setting_that_is_not_there_goes_to_the_end_of_the_section(name: str) -> None:
    is_toml = name.endswith(".toml")
    quote = '"' if is_toml else ""
    section = f"{SECTIONS[name]}\naddopts = {quote}-q{quote}  # quiet\n"
    other = "\n# of another\n[other]\nx = 1\n"
    after = with_expected(section + other, name, [ADDED])
    block = (
        f'portable_errors_expect = [\n    "{ADDED}",\n]\n'
        if is_toml
        else f"portable_errors_expect =\n    {ADDED}\n"
    )
    assert after == section + block + other
    assert read(after, name) == [ADDED]


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("tail", ["", "\n", "\n\n"])
def test_a_section_that_is_empty_and_the_last(name: str, tail: str) -> None:
    assert read(with_expected(SECTIONS[name] + tail, name, [ADDED, OTHER]), name) == [ADDED, OTHER]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[]", f'["{ADDED}"]'),
        (f'["{OTHER}"]  # why', f'["{OTHER}", "{ADDED}"]  # why'),
        (f'["{OTHER}", ]', f'["{OTHER}", "{ADDED}"]'),
        (f"['{OTHER}']", f"['{OTHER}', \"{ADDED}\"]"),
        (f'[\n  "{OTHER}"\n]', f'[\n  "{OTHER}",\n    "{ADDED}",\n]'),
        (f'[\n  "{OTHER}",  # it\'s so ]\n]', f'[\n  "{OTHER}",  # it\'s so ]\n    "{ADDED}",\n]'),
        ("[\n  # none\n]", f'[\n  # none\n    "{ADDED}",\n]'),
    ],
)
@pytest.mark.parametrize("name", TOML)
def test_an_array_gets_longer(name: str, before: str, after: str) -> None:
    around = f"{SECTIONS[name]}\na = 1\nportable_errors_expect = {{}}\n\n[other]\nx = [1]  # one\n"
    assert with_expected(around.format(before), name, [ADDED]) == around.format(after)


@pytest.mark.parametrize(
    "value", [f" {OTHER}", f"\n  {OTHER}", f"\n\t{OTHER}\n    # why\n    a.B -> a.C", ""]
)
@pytest.mark.parametrize("name", INI)
def test_lines_of_an_ini_file_get_one_more(name: str, value: str) -> None:
    head = f"{SECTIONS[name]}\na = 1\nportable_errors_expect ={value}\n"
    tail = "\nb = 2\n# the end\n[other]\nx = 1\n"
    assert with_expected(head + tail, name, [ADDED]) == f"{head}    {ADDED}\n{tail}"


@pytest.mark.parametrize("name", INI)
def test_the_same_setting_of_another_section_is_left_alone(name: str) -> None:
    other = f"[other]\nportable_errors_expect = {ADDED}\n\n"
    before = f"{other}{SECTIONS[name]}\na = 1\n"
    assert with_expected(before, name, [ADDED]) == (
        f"{before}portable_errors_expect =\n    {ADDED}\n"
    )
    before = f"{SECTIONS[name]}\na = 1\n\n{other}"
    assert with_expected(before, name, [ADDED]) == (
        f"{SECTIONS[name]}\na = 1\nportable_errors_expect =\n    {ADDED}\n\n{other}"
    )


@pytest.mark.parametrize("name", SECTIONS)
def test_what_is_there_already_is_not_added_again(name: str) -> None:
    once = with_expected(f"{SECTIONS[name]}\n", name, [ADDED, ADDED])
    assert once.count(ADDED) == 1
    assert with_expected(once, name, [ADDED]) is once


@pytest.mark.parametrize("before", ["", "[project]\nname = 'a'\n\n"])
def test_where_pyproject_has_no_section_of_pytests_it_gets_one(before: str) -> None:
    after = with_expected(before, "pyproject.toml", [ADDED])
    assert after == (
        f'{before}[tool.pytest.ini_options]\nportable_errors_expect = [\n    "{ADDED}",\n]\n'
    )
    assert read(after, "pyproject.toml") == [ADDED]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("pytest.toml", "[other]\n", "pytest.toml has no section of pytest's"),
        ("tox.ini", "[tox]\n", "tox.ini has no section of pytest's"),
        ("setup.cfg", "[pytest]\n", "setup.cfg has no section of pytest's"),
        (
            "pytest.toml",
            '[pytest]\nportable_errors_expect = """\na -> b"""\n',
            "portable_errors_expect of pytest.toml is written in a way that is better edited by hand",
        ),
        (
            "pyproject.toml",
            '[tool]\npytest.ini_options.x = "1"\n[tool.y]\nportable_errors_expect = []\n',
            "portable_errors_expect of pyproject.toml is written in a way that is better edited by hand",
        ),
        (
            "pytest.toml",
            '[pytest]\nportable_errors_expect = [\n  "a -> b"  # last\n]\n',
            "portable_errors_expect of pytest.toml ends in a comment: add a comma before it",
        ),
        (
            "pytest.toml",
            '[pytest]\nx = """\n[y]\n"""\n',
            "portable_errors_expect of pytest.toml is written in a way that is better edited by hand",
        ),
    ],
)
def test_what_is_better_done_by_hand_is_refused(name: str, text: str, why: str) -> None:
    with pytest.raises(CannotAdd) as caught:
        with_expected(text, name, [ADDED])
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("name", "text"),
    [("pytest.toml", "[pytest\n"), ("tox.ini", "x = 1\n"), ("tox.ini", "\ufeff[pytest]\n")],
)
def test_what_cannot_be_read_is_refused(name: str, text: str) -> None:
    with pytest.raises(CannotAdd, match="it cannot be read: "):
        with_expected(text, name, [ADDED])


def test_a_text_is_escaped() -> None:
    line = 'a.B -> a.B without exc["\\"]'
    after = with_expected("[pytest]\n", "pytest.toml", [line])
    assert tomllib.loads(after)["pytest"]["portable_errors_expect"] == [line]


# --- whatever the file


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    """A file's name and text, and the lines that its setting has."""
    name = draw(NAMES)
    is_toml = name.endswith(".toml")
    comment = st.lists(st.sampled_from(["", "# a comment's", "# [x]", "#"]), max_size=3)
    present = draw(st.lists(st.sampled_from(["a.B -> a.C", "ä.B -> a.C", OTHER]), unique=True))
    lines = draw(comment)
    if draw(st.booleans()):
        lines += ["[first]", "x = 1" if is_toml else "x = y z", *draw(comment)]
    lines.append(SECTIONS[name] + draw(st.sampled_from(["", "  # pytest's"])))
    lines += draw(comment)
    if draw(st.booleans()):
        lines += ['addopts = "-q"' if is_toml else "addopts = -q"]
    kind = draw(st.sampled_from(["none", "line", "lines"]))
    if kind == "none":
        present = []
    elif is_toml:
        items = [f'"{line}"' for line in present]
        if kind == "line":
            lines.append(f"portable_errors_expect = [{', '.join(items)}]")
        else:
            lines += ["portable_errors_expect = [", *(f"  {item},  # ]" for item in items), "]"]
    elif kind == "line":
        present = present[:1]
        lines.append(f"portable_errors_expect = {''.join(present)}")
    else:
        lines += ["portable_errors_expect =", *(f"  {line}" for line in present)]
    lines += draw(comment)
    if draw(st.booleans()):
        lines += ["[last]", "x = 1", *draw(comment)]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return name, newline.join(lines) + draw(st.sampled_from(["", newline])), present


@given(files())
def test_nothing_else_changes_and_pytest_reads_the_lines(file: tuple[str, str, list[str]]) -> None:
    name, before, present = file
    after = with_expected(before, name, [ADDED])
    assert read(after, name) == [*present, ADDED]
    old, new = before.splitlines(), after.splitlines()
    rest = iter(new)
    array = [line for line in old if line.startswith("portable_errors_expect = [") and "]" in line]
    kept = [line for line in old if line not in array]
    assert all(line in rest for line in kept), "each line is there still, in its order"
    assert len(new) <= len(old) + 3
    ending = "\r\n" if "\r\n" in before else "\n"
    assert after.count("\n") == after.count(ending)
    assert with_expected(after, name, [ADDED]) == after


@given(files())
def test_the_control_other_readers_agree(file: tuple[str, str, list[str]]) -> None:
    """The generated files are files of settings, before and after."""
    name, before, _ = file
    for text in (before, with_expected(before, name, [ADDED])):
        if name.endswith(".toml"):
            assert tomllib.loads(text)
        else:
            parser = configparser.RawConfigParser()
            parser.read_string(text)
            assert parser.sections()
