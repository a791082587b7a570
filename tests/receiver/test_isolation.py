"""What a receiver can import, asked of the receiver itself: an exception whose message is what it
finds there."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import error_zoo  # a module of the project that is not a test
import pytest

from pytest_portable_errors import PortableErrorsError, check_round_trip
from pytest_portable_errors.sender.process_receivers import share
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers


class Ask(ValueError):
    """Arrives as a ValueError whose message is an expression's value in the receiver."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"ValueError(repr({self.args[0]}))",)


def ask(expression: str, receiver: str = "without-project") -> Any:
    trip = check_round_trip(Ask(expression), receiver=receiver, arrives_as=ValueError)
    assert trip.received is not None, str(trip)
    return eval(trip.received["exceptions"][0]["message"]["text"])


def finds(module: str, receiver: str) -> bool:
    return bool(
        ask(f"__import__('importlib.util').util.find_spec({module!r}) is not None", receiver)
    )


RECEIVERS = ("without-project", "stdlib", "with-project")


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("error_zoo", (False, False, True)),  # of the project
        ("cloudpickle", (True, False, True)),  # an installed distribution
        ("decimal", (True, True, True)),
        # a test, in a folder that is on the sender's path
        ("test_round_trip", (False, False, False)),
        ("conftest", (False, False, False)),
    ],
)
def test_what_each_receiver_has(module: str, expected: tuple[bool, ...]) -> None:
    assert tuple(finds(module, receiver) for receiver in RECEIVERS) == expected


def test_the_control_the_sender_has_the_modules() -> None:
    assert importlib.util.find_spec("error_zoo")
    assert importlib.util.find_spec("test_round_trip")


def test_an_absent_module_fails_to_import_as_python_says_it() -> None:
    with_error = check_round_trip(error_zoo.Portable("a"))
    assert with_error.error is not None
    assert with_error.error["type"] == "builtins.ModuleNotFoundError"


def test_metadata_has_everything_but_the_project() -> None:
    versions = "__import__('importlib.metadata').metadata.version"
    assert ask(f"{versions}('cloudpickle')")
    assert not ask(
        "'pytest-portable-errors' in [d.metadata['Name'] for d in "
        "__import__('importlib.metadata').metadata.distributions()]"
    )


def test_nothing_of_ours_stands_in_the_way_of_a_payloads_names() -> None:
    assert ask("sorted(vars(__import__('sys').modules['__main__']))") == sorted(
        ["__name__", "__doc__", "__package__", "__loader__", "__spec__"]
    )
    for module in ("record", "frames", "server", "check", "values", "start"):
        assert not finds(module, "without-project")


def test_each_check_is_fresh() -> None:
    assert ask("__import__('sys').modules.setdefault('left_behind', 1)") == 1
    assert ask("'left_behind' in __import__('sys').modules") is False


def test_standard_descriptors_are_the_null_device() -> None:
    assert (
        ask("[__import__('os').readlink(f'/proc/self/fd/{fd}') for fd in (0, 1, 2)]")
        == ["/dev/null"] * 3
    )


def test_litellm_would_not_ask_the_network() -> None:
    assert ask("__import__('os').environ['LITELLM_LOCAL_MODEL_COST_MAP']") == "True"


def test_no_process_stays_when_the_receivers_are_closed(tmp_path: Path) -> None:
    receivers = Receivers(ProjectContext(root=tmp_path))
    before = share(receivers)
    try:
        pids = [
            ask("__import__('os').getppid()"),
            *(ask("__import__('os').getpid()") for _ in range(3)),
        ]
        ask("__import__('decimal') and __import__('os').getppid()")
    finally:
        share(before)
        receivers.close()
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


def test_a_receiver_that_is_not_isolated_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site directory below which the project lies: by the rules it is installed, and yet the
    sender has it as the project's."""
    leaky = tmp_path / "leaky_module.py"
    leaky.write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("leaky_module")
    receivers = Receivers(ProjectContext(root=tmp_path / "elsewhere"))
    project = receivers.project
    imports = project.imports("without-project")
    from dataclasses import replace

    from pytest_portable_errors.sender.client import Receiver
    from pytest_portable_errors.sender.started import Started, command_of

    receiver = Receiver(
        "without-project",
        replace(imports, path=(*(imports.path or ()), str(tmp_path))),
        Started(command_of(None, site=False), cwd="/"),
    )
    with pytest.raises(
        PortableErrorsError,
        match=r"receiver 'without-project' is not isolated.*leaky_module \(.*leaky_module.py\)",
    ):
        receiver.greet()
    monkeypatch.delitem(sys.modules, "leaky_module")


def test_a_receiver_that_cannot_start_names_its_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    receivers = Receivers(ProjectContext(root=tmp_path))
    with pytest.raises(PortableErrorsError, match="receiver 'stdlib' cannot start: .*no-python"):
        receivers.start("stdlib")
