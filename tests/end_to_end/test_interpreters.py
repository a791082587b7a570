"""A receiver that is another interpreter: the consumer's own environment, as it is."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import error_zoo as zoo
import pytest
from interpreters import environment, find_python, wheel

from pytest_portable_errors import PortableErrorsError, Stage, check_round_trip
from pytest_portable_errors.sender.receivers import Receivers

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
HERE = "{}.{}".format(*sys.version_info)

SENDER = """
import json, sys
from pytest_portable_errors import check_round_trip

serializers, *receivers = sys.argv[1:]
serializers = serializers.split()
chained = RuntimeError("outer")
chained.__notes__ = ["a note"]
subjects = [
    ValueError("a", 1, b"x", {1, 2}, {"k": (None, 1.5)}),
    FileNotFoundError(2, "no such file", "x"),
    UnicodeDecodeError("utf-8", b"\\xff", 0, 1, "bad"),
    SyntaxError("bad", ("f.py", 1, 2, "text")),
    ImportError("no", name="n", path="p"),
    AttributeError("no", name="n", obj=1),
    SystemExit(3),
    StopIteration(4),
    KeyError("k"),
    json.JSONDecodeError("bad", "doc", 0),
    chained,
]
print(json.dumps([
    [receiver, serializer, str(trip)]
    for receiver in receivers for serializer in serializers for exc in subjects
    for trip in [check_round_trip(exc, serializer=serializer, receiver=receiver)] if not trip.arrived_whole
]))
"""


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with this project in it for each version of Python that is here: version ->
    its interpreter."""
    folder = tmp_path_factory.mktemp("environments")
    own_wheel = wheel(folder)
    pythons = {version: find_python(version) for version in VERSIONS}
    return {
        version: environment(python, folder / version, with_wheel=own_wheel)
        for version, python in pythons.items()
        if python is not None
    }


@pytest.mark.pythons
@pytest.mark.parametrize("sender", VERSIONS)
def test_exceptions_of_the_standard_library_arrive_whole_from_every_version_in_every_other(
    environments: dict[str, str], sender: str, tmp_path: Path
) -> None:
    if sender not in environments or len(environments) < 2:
        pytest.skip(f"Python {sender} and another one are not both installed here")
    others = [python for version, python in environments.items() if version != sender]
    run = subprocess.run(
        [environments[sender], "-c", SENDER, "pickle cloudpickle", *others],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr
    assert lost(run.stdout, sender=sender) == []


def lost(told: str, *, sender: str) -> list[list[str]]:
    """What did not arrive, but for what the sender's version drops on the way out: Python 3.12 has
    given AttributeError a pickled name."""
    return [row for row in json.loads(told) if not ("AttributeError" in row[2] and sender < "3.12")]


def test_they_arrive_whole_from_this_version_in_the_oldest_and_in_the_newest(
    tmp_path: Path,
) -> None:
    """By pickle, which needs nothing there."""
    others = [
        python
        for version in (VERSIONS[0], VERSIONS[-1])
        if version != HERE and (python := find_python(version)) is not None
    ]
    if not others:
        pytest.skip("no other version of Python is installed here")
    run = subprocess.run(
        [sys.executable, "-c", SENDER, "pickle", *others],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr
    assert lost(run.stdout, sender=HERE) == []


ELSEWHERE = """
import asyncio, concurrent.futures, json, pathlib, re, sys, typing, zipfile
from pytest_portable_errors import check_round_trip

def holding(value):
    exc = ValueError("a")
    exc.value = value
    return exc

subjects = [
    re.error("bad", "pattern", 0),
    asyncio.TimeoutError("a"),
    concurrent.futures.TimeoutError("a"),
    TimeoutError("a"),
    holding(pathlib.Path("a")),
    holding([pathlib.PurePosixPath(str(number)) for number in range(300)]),
    holding(pathlib.PosixPath),
    holding(int | str),
    holding(typing.Optional[int]),
    holding({"a": typing.List[typing.Optional[int]], "b": list[int | None]}),
    holding(typing.Dict[str, typing.Any]),
]
print(json.dumps([
    [type(exc).__name__, repr(getattr(exc, "value", "")), str(trip)]
    for receiver in sys.argv[1:] for exc in subjects
    for trip in [check_round_trip(exc, serializer="pickle", receiver=receiver)]
    if not trip.arrived_whole
]))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_class_that_another_version_has_elsewhere_is_the_same(
    version: str, tmp_path: Path
) -> None:
    """``pathlib._local`` is 3.13, ``re.PatternError`` since then, ``asyncio.TimeoutError`` the
    built-in one since 3.11, ``int | str`` a ``typing.Union`` since 3.14."""
    python = find_python(version)
    if python is None or version == HERE:
        pytest.skip(f"another Python {version} is not installed here")
    run = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, python], capture_output=True, text=True, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    is_older = tuple(map(int, version.split("."))) < sys.version_info[:2]
    lost = [
        row
        for row in json.loads(run.stdout)
        # these the older one has not: they do not arrive at all, and say so
        if not (is_older and "receiver-too-old" in row[2])
    ]
    assert lost == []


def test_another_class_of_the_same_name_is_not(tmp_path: Path) -> None:
    """The control: a payload whose reducer gives something else than the class that was sent."""
    python = find_python(VERSIONS[0]) if VERSIONS[0] != HERE else find_python("3.11")
    if python is None:
        pytest.skip("no other version of Python is installed here")
    script = (
        "import asyncio, pathlib\nfrom pytest_portable_errors import check_round_trip\n"
        "class Timed(TimeoutError):\n    def __reduce__(self): return TimeoutError, self.args\n"
        f"trip = check_round_trip(Timed('a'), serializer='pickle', receiver={python!r})\n"
        "print([(loss.kind, loss.sent, loss.received) for loss in trip.losses])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout == "[('type', '__main__.Timed', 'TimeoutError')]\n", done.stderr


def test_within_one_version_another_class_under_the_same_name_is_a_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that falls back on another class where it lacks something."""
    (tmp_path / "falls_back.py").write_text(
        "import sys\n"
        "if 'pytest' in sys.modules:\n    class Refused(RuntimeError): pass\n"
        "else:\n    Refused = RuntimeError\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import falls_back  # type: ignore[import-not-found]  # just written

    trip = check_round_trip(falls_back.Refused("a"), receiver="with-project")
    assert [(loss.kind, loss.received) for loss in trip.losses] == [("type", "RuntimeError")]


def test_a_receiver_older_than_the_sender_runs_on_python_3_8() -> None:
    """Who reads errors is often older than who raises them."""
    python = find_python("3.8")
    if python is None:
        pytest.skip("Python 3.8 is not installed here")
    assert check_round_trip(
        FileNotFoundError(2, "no such file", "x"), receiver=python
    ).arrived_whole
    absent = check_round_trip(zoo.Portable("a"), receiver=python)
    assert absent.stage is Stage.LOADS
    assert "No module named 'error_zoo'" in str(absent)
    assert check_round_trip(ValueError("next"), receiver=python).arrived_whole


def test_a_python_that_is_too_old_says_so() -> None:
    python = find_python("3.7") or find_python("3.6")
    if python is None:
        pytest.skip("no Python before 3.8 is installed here")
    with pytest.raises(
        PortableErrorsError,
        match=r"cannot start: .* exited with status 1: a receiver needs Python 3.8 or later",
    ):
        check_round_trip(ValueError("a"), receiver=python)


@pytest.fixture
def empty_environment(tmp_path: Path) -> Path:
    """An environment of the consumer's, with nothing installed."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "consumer")], check=True
    )
    return tmp_path / "consumer"


def test_a_serializer_that_is_missing_there_is_named(empty_environment: Path) -> None:
    with pytest.raises(
        PortableErrorsError,
        match="serializer 'cloudpickle' cannot be used in receiver .*No module named 'cloudpickle'",
    ):
        check_round_trip(
            ValueError("a"),
            serializer="cloudpickle",
            receiver=str(empty_environment / "bin" / "python"),
        )


def test_another_version_of_a_library(
    empty_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consumer has an older one, whose class takes other arguments."""
    source = "class Refused(Exception):\n    def __init__(self, *args): super().__init__(*args)\n"
    (tmp_path / "paylib.py").write_text(source)
    site = next((empty_environment / "lib").glob("python*/site-packages"))
    (site / "paylib.py").write_text(source.replace("*args)", "reason)").replace("*args", "reason"))
    monkeypatch.syspath_prepend(tmp_path)
    import paylib  # type: ignore[import-not-found]  # just written

    python = str(empty_environment / "bin" / "python")
    assert check_round_trip(paylib.Refused("funds"), receiver=python).arrived_whole
    trip = check_round_trip(paylib.Refused("funds", 7), receiver=python)
    assert trip.error is not None
    assert trip.error["type"] == "builtins.TypeError"
    assert check_round_trip(paylib.Refused("funds", 7), receiver="with-project").arrived_whole, (
        "the control: not in the sender's"
    )


class TestPyPy:
    """It reads errors, and sends none."""

    @pytest.fixture
    def pypy(self) -> str:
        python = find_python("pypy3.11") or find_python("pypy3.10") or find_python("pypy3.9")
        if python is None:
            pytest.skip("PyPy is not installed here")
        return python

    def test_what_it_reads(self, pypy: str) -> None:
        group = getattr(builtins, "ExceptionGroup", None)
        whole = [FileNotFoundError(2, "no such file", "x"), json.JSONDecodeError("bad", "doc", 0)]
        if group is not None:
            whole.append(group("both", [ValueError("a"), KeyError("b")]))
        for exc in whole:
            trip = check_round_trip(exc, receiver=pypy)
            assert trip.arrived_whole, str(trip)
        noted = ValueError("a")
        noted.__cause__ = KeyError("b")
        lost = check_round_trip(noted, receiver=pypy)
        assert [loss.kind for loss in lost.losses] == ["chain"]

    def test_a_check_that_ends_it_is_told(self, pypy: str) -> None:
        class Leaves(Exception):
            def __reduce__(self) -> tuple[object, ...]:
                return os._exit, (3,)

        trip = check_round_trip(Leaves("a"), receiver=pypy)
        assert trip.stage is Stage.CRASHED
        assert check_round_trip(ValueError("next"), receiver=pypy).arrived_whole


def test_pypy_does_not_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its stead: PyPy is installed in few places, and this plugin in none of them."""
    monkeypatch.setattr(sys.implementation, "name", "pypy")
    with pytest.raises(PortableErrorsError, match="cloudpickle cannot be imported in PyPy"):
        Receivers()


class TestSettings:
    """Where an interpreter may be named."""

    SOURCE = (
        "@pytest.mark.portable_exception\ndef test_it():\n    with "
        "pytest.raises(ValueError): raise ValueError('a')\n"
    )

    def test_from_the_file_relative_to_it(
        self, run: Any, pytester: pytest.Pytester, empty_environment: Path
    ) -> None:
        pytester.path.joinpath("python").symlink_to(empty_environment / "bin" / "python")
        pytester.makeini(
            "[pytest]\npythonpath = .\nportable_errors_serializers = "
            "pickle\nportable_errors_receiver = ./python\n"
        )
        run(self.SOURCE).assert_outcomes(passed=1)

    def test_from_the_marker(self, run: Any, empty_environment: Path) -> None:
        source = self.SOURCE.replace(
            "exception\n",
            f"exception(receiver='{empty_environment}/bin/python', serializers=('pickle',))\n",
        )
        run(source).assert_outcomes(passed=1)

    @pytest.mark.parametrize(
        ("path", "says"),
        [
            ("./no-such-python", "there is no such interpreter"),
            ("./shop", "it is no interpreter: it cannot be executed"),
        ],
    )
    def test_one_that_is_none(self, run: Any, path: str, says: str) -> None:
        result = run(self.SOURCE, f"--portable-errors-receiver={path}")
        result.stderr.fnmatch_lines([f'*--portable-errors-receiver: unknown "{path}": {says}'])


class TestDjango:
    """A real project: its models can be imported only after ``django.setup()``."""

    MODELS = (
        "from django.db import models\n\nclass Product(models.Model):\n    class Meta:\n  "
        "      app_label = 'catalog'\n"
    )
    SETTINGS = "INSTALLED_APPS = ['catalog']\nSECRET_KEY = 'x'\nDATABASES = {}\nUSE_TZ = True\n"
    CONFTEST = (
        "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'settings'\nimport "
        "django\ndjango.setup()\n"
    )
    TEST = (
        "@pytest.mark.portable_exception(receiver='with-project')\ndef test_it():\n    from "
        "catalog.models import Product\n"
        "    with pytest.raises(Product.DoesNotExist): raise Product.DoesNotExist('no such "
        "product')\n"
    )

    @pytest.fixture
    def django(self, pytester: pytest.Pytester, shop: Path) -> None:
        pytest.importorskip("django")
        (pytester.mkpydir("catalog") / "models.py").write_text(self.MODELS)
        pytester.makepyfile(settings=self.SETTINGS)
        pytester.makeconftest(self.CONFTEST)

    def test_without_its_setup_the_receiver_cannot_import_the_models(
        self, django: None, run: Any
    ) -> None:
        result = run(self.TEST, "-o", "portable_errors_receiver_setup=none")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*AppRegistryNotReady*"])

    def test_where_the_environment_names_the_settings_it_is_set_up_unasked(
        self, django: None, run: Any
    ) -> None:
        run(self.TEST).assert_outcomes(passed=1)

    def test_where_it_does_not_the_setup_is_a_decision_until_it_is_taken(
        self, django: None, run: Any, pytester: pytest.Pytester
    ) -> None:
        pytester.makeconftest(
            "import django, settings as own\nfrom django.conf import settings\n"
            "settings.configure(**{name: getattr(own, name) for name in dir(own) if "
            "name.isupper()})\ndjango.setup()\n"
        )
        unmarked = self.TEST.partition("\n")[2]
        wide = ("--portable-errors", "--portable-errors-receiver=with-project", "test_shop.py")
        result = run(unmarked, *wide)
        result.assert_outcomes(passed=1)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(
            [
                "=* portable errors: 1 decision to take =*",
                "checked 1 class, 1 exception: 0 whole, 1 as you decide below",
                (
                    "FAILED portable-errors::setup - 1 exception class could not be looked at: the "
                    "receiver was not set up for it."
                ),
                "*portable_errors_receiver_setup = module:callable",
                "*portable_errors_receiver_setup = none",
                "       catalog.models.Product.DoesNotExist",
            ]
        )
        taken = run(unmarked, *wide, "-o", "portable_errors_receiver_setup=none")
        taken.assert_outcomes(failed=1)
        taken.stdout.fnmatch_lines(["1  catalog.models.Product.DoesNotExist *"])
        taken.stdout.no_fnmatch_line("*portable-errors::setup*")

    def test_with_its_setup_it_arrives_whole(
        self, django: None, run: Any, pytester: pytest.Pytester
    ) -> None:
        pytester.makeini(
            "[pytest]\npythonpath = .\nportable_errors_receiver_setup = django:setup\n"
        )
        run(self.TEST).assert_outcomes(passed=1)

    @pytest.mark.parametrize("value", ["django", "django:", "a b:c"])
    def test_a_setup_that_is_none(self, run: Any, pytester: pytest.Pytester, value: str) -> None:
        pytester.makeini(f"[pytest]\nportable_errors_receiver_setup = {value}\n")
        result = run("def test_it(): pass")
        result.stderr.fnmatch_lines(
            [
                (
                    f'*portable_errors_receiver_setup = "{value}" (tox.ini): expected '
                    "module:callable, e.g. django:setup, or none"
                )
            ]
        )
