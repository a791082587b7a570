"""Every cause is explained, every example has the cause that it stands for, and every fix mends it.

The blocks are files as they stand there. Their first comments say what is not as usual: ``# file:``
(else ``shop/errors.py``), ``# receiver:`` (else ``with-project``; ``python3.8`` is that version),
``# serializer:`` (else ``pickle``; a name, or a class of the block) and ``# arrives-as:``.
"""

from __future__ import annotations

import ast
import copyreg
import importlib
import os
import pickle
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from interpreters import find_python

import pytest_portable_errors
from pytest_portable_errors import PortableErrorsError, RoundTrip, Stage, check_round_trip
from pytest_portable_errors.diagnosis import cause_names
from pytest_portable_errors.diagnosis.cause_names import CAUSE_NAMES, EXPLAINED, OF_RELEASES
from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS
from pytest_portable_errors.diagnosis.explain import explanation, first_sentence
from pytest_portable_errors.sender.process_receivers import share
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers

PACKAGE = Path(pytest_portable_errors.__file__).parent
FORM = re.compile(
    r"# (?P<cause>[a-z-]+)\n\n(?P<seen>[^\n]+\.)\n\n## Why\n\n(?P<why>.+?)\n\n## "
    r"Example\n\n```python\n(?P<example>.+?)```\n\n"
    r"## Fix\n\n(?P<prose>.+?)\n\n```python\n(?P<fix>.+?)```",
    re.DOTALL,
)
SETTING = re.compile(r"# ([a-z-]+): (\S+)")
SOURCE = re.compile(
    r"\(https://(docs\.python\.org|docs\.celeryq\.dev|docs\.djangoproject\.com|github\.com|peps\.python\.org)/\S+\)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A file of a document, and what is to be done with the exception that its ``raised()``
    gives."""

    source: str
    file: str = "shop/errors.py"
    settings: dict[str, Any]
    """Keywords of ``check_round_trip``."""


def block(cause: str, which: str) -> Block:
    """``which`` is ``example`` or ``fix``."""
    found = FORM.fullmatch(explanation(cause))
    assert found is not None
    said: dict[str, str] = {}
    for line in found[which].splitlines():
        setting = SETTING.fullmatch(line)
        if setting is None:
            break
        said[setting[1].replace("-", "_")] = setting[2]
    file = said.pop("file", "shop/errors.py")
    assert said.keys() <= {"serializer", "receiver", "arrives_as"}
    return Block(source=found[which], file=file, settings={"receiver": "with-project", **said})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project that can be imported from, and whose modules and reducers are gone afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    reducers, modules = dict(copyreg.dispatch_table), set(sys.modules)
    yield tmp_path
    copyreg.dispatch_table.clear()
    copyreg.dispatch_table.update(reducers)
    for name in {
        name for name in sys.modules if name.partition(".")[0] in ("shop", "test_shop")
    } - modules:
        del sys.modules[name]


def send(block: Block, folder: Path, **settings: Any) -> RoundTrip:
    """The trip of what the block's own function gives, from the file that it is."""
    path = folder / block.file
    path.parent.mkdir(exist_ok=True)
    path.write_text(block.source)
    importlib.invalidate_caches()
    module = importlib.import_module(block.file.removesuffix(".py").replace("/", "."))
    settings = {**block.settings, **settings}
    if settings["receiver"].startswith("python"):
        settings["receiver"] = find_python(settings["receiver"].removeprefix("python"))
        if settings["receiver"] is None:
            pytest.skip("no such Python is installed here")
    own = getattr(module, settings.get("serializer", ""), None)
    if str(settings.get("serializer")).startswith("celery"):
        pytest.importorskip("celery")
    return check_round_trip(
        module.raised(), **(settings if own is None else {**settings, "serializer": own()})
    )


def skip_where_it_cannot_be_shown(cause: str) -> None:
    if cause == "member-changed" and sys.version_info < (3, 11):
        pytest.skip("ExceptionGroup is 3.11")
    if (
        cause == "dropped-by-python"
        and pickle.loads(pickle.dumps(NameError("m", name="n"))).name is not None
    ):
        pytest.skip("this Python carries NameError.name")


def trip(cause: str, which: str, folder: Path) -> RoundTrip:
    skip_where_it_cannot_be_shown(cause)
    # An example that hangs is not to hold up the tests for as long as it might.
    limit: dict[str, Any] = {"timeout": 0.5} if cause == "hangs-the-receiver" else {}
    return send(block(cause, which), folder, **limit)


def named_in_rules() -> set[str]:
    """The constants of ``cause_names`` that the rest of the package uses."""
    constants = {name: value for name, value in vars(cause_names).items() if name.isupper()}
    used = {
        node.id
        for path in PACKAGE.rglob("*.py")
        if path.stem != "cause_names"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name)
    }
    return {
        constants[name]
        for name in used & constants.keys() - {"CAUSE_NAMES", "OF_RELEASES", "EXPLAINED"}
    }


class TestDocuments:
    def test_there_is_one_for_every_cause_that_a_rule_gives_and_for_no_other(self) -> None:
        assert len(CAUSE_NAMES) > 30
        assert {*CAUSE_NAMES, *OF_RELEASES} == named_in_rules()

    @pytest.mark.parametrize("cause", CAUSE_NAMES)
    def test_each_has_the_same_form(self, cause: str) -> None:
        found = FORM.fullmatch(explanation(cause))
        assert found is not None
        assert found["cause"] == cause
        assert found["seen"].count(". ") == 0, "one sentence"
        assert SOURCE.search(found["why"]), "Python's reasons have a source"
        assert max(map(len, explanation(cause).splitlines())) <= 140
        assert explanation(cause).isascii()

    @pytest.mark.parametrize("cause", CAUSE_NAMES)
    def test_an_example_and_its_fix_are_sent_to_the_same_reader(self, cause: str) -> None:
        example, fix = block(cause, "example").settings, block(cause, "fix").settings
        # To declare a change of type is a fix.
        assert {**fix, "arrives_as": None} == {**example, "arrives_as": None}


class TestExamples:
    @pytest.mark.parametrize("cause", CAUSE_NAMES)
    def test_the_example_has_the_cause(
        self, cause: str, folder: Path, receivers: Receivers
    ) -> None:
        found = trip(cause, "example", folder)
        assert found.diagnosis is not None
        assert found.diagnosis.cause == cause
        assert not found.arrived_whole

    @pytest.mark.parametrize("cause", CAUSE_NAMES)
    def test_the_fix_mends_it(self, cause: str, folder: Path, receivers: Receivers) -> None:
        found = trip(cause, "fix", folder)
        assert found.arrived_whole, str(found)


class TestFixesBySetting:
    def test_the_receiver_that_is_set_up(self, folder: Path) -> None:
        """The setting of the document, for its example."""
        setting = re.search(
            r'portable_errors_receiver_setup = \["(.+?)"\]', explanation("receiver-not-set-up")
        )
        assert setting is not None
        own = Receivers(ProjectContext(root=folder, receiver_setup=(setting[1],)))
        before = share(own)
        try:
            assert trip("receiver-not-set-up", "example", folder).arrived_whole
        finally:
            share(before)
            own.close()

    def test_the_protocol(self, folder: Path, receivers: Receivers) -> None:
        assert send(
            block("renamed-by-protocol", "example"), folder, serializer="pickle:3"
        ).arrived_whole

    def test_the_receiver_that_has_the_project(self, folder: Path, receivers: Receivers) -> None:
        assert send(
            block("class-not-importable", "example"), folder, receiver="with-project"
        ).arrived_whole

    def test_the_change_of_type_that_is_declared(self, folder: Path, receivers: Receivers) -> None:
        assert send(
            block("reduce-changes-type", "example"), folder, arrives_as="shop.errors.PaymentError"
        ).arrived_whole

    @pytest.mark.parametrize(
        ("cause", "check"), [("chain-dropped", "chain"), ("dropped-by-python", "attributes")]
    )
    def test_what_is_left_out_of_the_checks(
        self, cause: str, check: str, folder: Path, receivers: Receivers
    ) -> None:
        skip_where_it_cannot_be_shown(cause)
        checks = [name for name in DEFAULT_CHECKS if name != check]
        assert send(block(cause, "example"), folder, checks=checks).arrived_whole


class TestFixesInProse:
    """Lines of prose, put where the prose says."""

    @pytest.mark.parametrize(
        ("cause", "line", "below"),
        [
            (
                "init-rewrites-message",
                "return type(self), (self.name,), self.__dict__",
                'super().__init__(f"not found: {name}")',
            ),
            (
                "value-cannot-be-pickled",
                'return type(self), self.args, {**self.__dict__, "client": None}',
                "self.client = client",
            ),
        ],
    )
    def test_another_reduce(
        self, cause: str, line: str, below: str, folder: Path, receivers: Receivers
    ) -> None:
        assert line in explanation(cause)
        shown = block(cause, "example")
        stored = "        self.name = name\n" if "self.name" in line else ""
        added = f"{below}\n{stored}\n    def __reduce__(self):\n        {line}\n"
        found = send(replace(shown, source=shown.source.replace(below, added)), folder)
        assert found.stage is Stage.ARRIVED
        assert found.losses == ()
        assert [loss.path for loss in found.declared_lost] == ([] if stored else ["exc.client"]), (
            "what was left out on purpose, and nothing else"
        )

    def test_a_frozen_class_that_stays_frozen(self, folder: Path, receivers: Receivers) -> None:
        method = "def __setstate__(self, state): self.__dict__.update(state)"
        assert method in explanation("state-cannot-be-restored")
        shown = block("state-cannot-be-restored", "example")
        source = shown.source.replace("    reason: str\n", f"    reason: str\n    {method}\n")
        assert send(replace(shown, source=source), folder).arrived_whole


class TestExplanation:
    def test_the_first_sentence_says_what_is_seen(self) -> None:
        assert first_sentence("init-takes-no-arguments").startswith(
            "The exception is pickled and cannot be rebuilt: "
        )

    def test_an_unknown_cause_is_answered_with_those_that_are_called_alike(self) -> None:
        with pytest.raises(PortableErrorsError) as caught:
            explanation("reduce-drop-notes")
        assert str(caught.value) == (
            "unknown cause 'reduce-drop-notes'; did you mean reduce-drops-notes or "
            "reduce-drops-state? "
            "`python -m pytest_portable_errors explain` lists all of them"
        )

    @pytest.mark.parametrize("cause", ["", "?", "../README", "init-does-not-fit-args.md\0"])
    def test_what_is_no_name_at_all_is_answered_too(self, cause: str) -> None:
        with pytest.raises(PortableErrorsError, match="explain` lists all of them"):
            explanation(cause)

    def test_the_documents_are_found_where_there_are_no_files(self, tmp_path: Path) -> None:
        """In an archive, which is the strictest that importlib.resources is asked for."""
        archive = tmp_path / "package.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for path in [*PACKAGE.rglob("*.py"), *PACKAGE.glob("explanations/*")]:
                packed.write(path, Path(PACKAGE.name) / path.relative_to(PACKAGE))
        program = (
            "from pytest_portable_errors.diagnosis import cause_names, explain; "
            "print(explain.__file__, len(list(map(explain.explanation, "
            "cause_names.CAUSE_NAMES))))"
        )
        run = subprocess.run(
            [sys.executable, "-S", "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(archive)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.split() == [
            str(archive / PACKAGE.name / "diagnosis" / "explain.py"),
            str(len(CAUSE_NAMES)),
        ]


def test_a_reader_that_has_gone_is_no_error() -> None:
    command = f"{shlex.quote(sys.executable)} -m pytest_portable_errors explain | true"
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_the_command_line() -> None:
    def told(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest_portable_errors", "explain", *args],
            capture_output=True,
            text=True,
        )

    assert told("chain-dropped").stdout == explanation("chain-dropped") + "\n"
    assert [line.split()[0] for line in told().stdout.splitlines()] == list(EXPLAINED)
    assert told("chain-droped").returncode == 2
    assert "chain-dropped" in told("chain-droped").stderr
