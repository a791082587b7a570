"""Tests that patch the world do not disturb the receivers, nor do the receivers see the patched
world."""

from __future__ import annotations

from typing import Any

import pytest
from in_matrix import MATRIX, rest_in_matrix

# name of the module that patches -> what comes before the tests, what each test does first, and
# pytest's own arguments
WORLDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "freezegun": (
        (
            "@pytest.fixture(autouse=True)\ndef world():\n    with "
            "freezegun.freeze_time('2001-01-01'): yield\n"
        ),
        "",
        (),
    ),
    "time_machine": (
        (
            "@pytest.fixture(autouse=True)\ndef world():\n    with time_machine.travel(0, "
            "tick=False): yield\n"
        ),
        "",
        (),
    ),
    "pyfakefs": (
        "@pytest.fixture(autouse=True)\ndef world(fs): assert not os.path.exists(__file__)\n",
        "",
        (),
    ),
    "pytest_socket": ("", "", ("--disable-socket",)),
    "gevent": (
        "",
        (
            "    import gevent.monkey; gevent.monkey.patch_all()\n    assert "
            "gevent.monkey.is_module_patched('select')\n"
        ),
        (),
    ),
    "no environment": ("", "    monkeypatch.setattr(os, 'environ', {})\n", ()),
    "cleared environment": (
        "@pytest.fixture(autouse=True)\ndef world():\n    os.environ.clear()\n",
        "",
        (),
    ),
    "another folder": (
        "@pytest.fixture(autouse=True)\ndef world(tmp_path): os.chdir(tmp_path)\n",
        "",
        (),
    ),
    "no folder": (
        (
            "@pytest.fixture(autouse=True)\ndef world(tmp_path):\n    os.chdir(tmp_path)\n    "
            "tmp_path.rmdir()\n"
        ),
        "",
        (),
    ),
    "no processes": (
        "",
        (
            "    monkeypatch.setattr(subprocess, 'Popen', None)\n    monkeypatch.setattr(os, "
            "'read', None)\n"
        ),
        (),
    ),
    "no JSON": (
        "",
        (
            "    monkeypatch.setattr(json, 'dumps', None)\n    monkeypatch.setattr(json, 'loads', "
            "None)\n"
        ),
        (),
    ),
    "another pickle": ("", "    monkeypatch.setattr('pickle.DEFAULT_PROTOCOL', 2)\n", ()),
}
PLUGINS = {
    "time_machine": ("time_machine",),
    "pyfakefs": ("fakefs",),
    "pytest_socket": ("socket",),
}
"""Those of the worlds that are plugins of pytest as well."""

TESTS = """
portable = pytest.mark.portable_exception(receiver="with-project")

@portable
def test_whole(monkeypatch):
{first}    with pytest.raises(Whole): raise Whole("a")

@portable
def test_lossy(monkeypatch):
{first}    with pytest.raises(NotFound): raise NotFound("bob")

@pytest.mark.portable_exception
def test_absent(monkeypatch):
{first}    with pytest.raises(Whole): raise Whole("b")

def test_first_asked_inside(monkeypatch):
    from pytest_portable_errors import check_round_trip
{first}    if {starts}:
        assert check_round_trip(KeyError("c"), receiver="stdlib").arrived_whole
    else:
        with pytest.raises(pytest_portable_errors.PortableErrorsError, match="receiver 'stdlib' cannot start"):
            check_round_trip(KeyError("c"), receiver="stdlib")

def test_fixture(monkeypatch, assert_roundtrip):
{first}    assert_roundtrip(KeyError("d"))
"""


# Python itself cannot start a process there; a receiver that is named by a marker or setting, or by
# a fixture's default, has started before.
NOTHING_STARTS = {"pyfakefs", "gevent", "no processes"}


HERE = {"freezegun", "pyfakefs", "no environment", "no processes"}
"""One of each kind: the clock, the files, the settings, the processes."""


@pytest.mark.parametrize("start", ["fork", pytest.param("spawn", marks=MATRIX)])
@pytest.mark.parametrize("world", rest_in_matrix(WORLDS, here=HERE.__contains__))
def test_the_verdicts_are_the_same(
    run: Any, monkeypatch: pytest.MonkeyPatch, world: str, start: str
) -> None:
    before, first, arguments = WORLDS[world]
    imports = "import json, os, subprocess, pytest_portable_errors\n"
    if " " not in world:
        pytest.importorskip(world)
        imports += f"import {world}\n"
    monkeypatch.setenv("PORTABLE_ERRORS_RECEIVER_START", start)
    result = run(
        imports + before + TESTS.format(first=first, starts=world not in NOTHING_STARTS),
        *arguments,
        plugins=PLUGINS.get(world, ()),
    )
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(
        [
            "shop.errors.NotFound arrives changed: message, args *receiver: with-project*",
            (
                "shop.errors.Whole does not arrive: loads raised ModuleNotFoundError *receiver: "
                "without-project*"
            ),
            "*arrives only where the project is installed (receiver with-project: it arrives)",
        ]
    )
