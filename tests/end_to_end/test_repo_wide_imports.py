"""Modules that a receiver has or lacks against the rule: ``portable_errors_installed`` and
``portable_errors_absent``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from settings_files import write

CLIENT = "class Refused(Exception): pass\n"
IMPORTS = """
class Imports(Exception):
    def __reduce__(self):
        return eval, (f"ValueError(__import__('importlib').import_module({self.args[0]!r}).__name__)",)

def outcome(name, receiver):
    from pytest_portable_errors import check_round_trip
    trip = check_round_trip(Imports(name), receiver=receiver, arrives_as=ValueError)
    return trip.error["type"] if trip.error else trip.received["exceptions"][0]["message"]["text"]

NAMES = ["shop", "shop.client", "shop.client.deep", "shop.errors", "shop.client_of_another", "helpers_of_tests", "cloudpickle", "pluggy", "dill"]

def test_it(assert_roundtrip):
    import json, pathlib
    there = {receiver: [name for name in NAMES if outcome(name, receiver) == name] for receiver in ("without-project", "with-project")}
    pathlib.Path("there.json").write_text(json.dumps(there))
"""


class TestInstalledAndAbsent:
    @pytest.fixture
    def there(self, run: Any, pytester: pytest.Pytester) -> Callable[..., dict[str, list[str]]]:
        """The modules that can be imported in each receiver."""
        files = {
            "shop/client/__init__.py": CLIENT,
            "shop/client/deep.py": CLIENT,
            "shop/client_of_another.py": CLIENT,
            "helpers_of_tests.py": CLIENT,
        }
        for name, text in files.items():
            (pytester.path / name).parent.mkdir(exist_ok=True)
            (pytester.path / name).write_text(text)

        def there(**settings: list[str]) -> dict[str, list[str]]:
            write(
                pytester,
                "ini",
                **{f"portable_errors_{key}": value for key, value in settings.items()},
            )
            loading = "import shop.client.deep, shop.client_of_another, helpers_of_tests\n"
            run(loading + IMPORTS).assert_outcomes(passed=1)
            found: dict[str, list[str]] = json.loads((pytester.path / "there.json").read_text())
            return found

        return there

    THIRD: ClassVar = ["cloudpickle", "pluggy", "dill"]
    OURS: ClassVar = [
        "shop",
        "shop.client",
        "shop.client.deep",
        "shop.errors",
        "shop.client_of_another",
        "helpers_of_tests",
    ]

    def test_without_them_the_project_is_absent_and_third_parties_are_there(
        self, there: Any
    ) -> None:
        assert there() == {"without-project": self.THIRD, "with-project": self.OURS + self.THIRD}

    def test_a_part_of_the_project_is_there_with_all_below_it_and_its_siblings_stay_absent(
        self, there: Any
    ) -> None:
        found = there(installed=["shop.client"])
        assert found == {
            "without-project": ["shop", "shop.client", "shop.client.deep", *self.THIRD],
            "with-project": self.OURS + self.THIRD,
        }

    def test_one_module_and_a_whole_package(self, there: Any) -> None:
        assert there(installed=["helpers_of_tests"])["without-project"] == [
            "helpers_of_tests",
            *self.THIRD,
        ]
        assert there(installed=["shop"])["without-project"] == self.OURS[:-1] + self.THIRD

    def test_third_parties_that_the_receiver_lacks(self, there: Any) -> None:
        found = there(absent=["pluggy", "dill"])
        assert found == {
            "without-project": ["cloudpickle"],
            "with-project": [*self.OURS, "cloudpickle"],
        }

    def test_a_module_of_the_project_that_even_with_project_lacks_but_for_a_part_of_it(
        self, there: Any
    ) -> None:
        found = there(absent=["shop"], installed=["shop.client"])
        assert found["with-project"] == [
            "shop",
            "shop.client",
            "shop.client.deep",
            "helpers_of_tests",
            *self.THIRD,
        ]
        assert there(absent=["shop.client"])["with-project"] == [
            "shop",
            "shop.errors",
            "shop.client_of_another",
            "helpers_of_tests",
            *self.THIRD,
        ]

    def test_what_a_serializer_needs_is_there_nevertheless(
        self, there: Any, run: Any, pytester: pytest.Pytester
    ) -> None:
        write(pytester, "ini", portable_errors_absent=["cloudpickle"])
        run(
            "def test_it(assert_roundtrip): assert_roundtrip(ValueError('a'), "
            "serializers=['cloudpickle'])\n"
        ).assert_outcomes(passed=1)

    def test_an_error_of_an_installed_part_arrives_and_one_of_an_absent_library_does_not(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "shop" / "client.py").write_text(CLIENT)
        source = """
import pluggy, shop.client
def test_part(assert_roundtrip): assert_roundtrip(shop.client.Refused("a"))
def test_sibling(assert_roundtrip): assert_roundtrip(Whole("a"))
def test_library(assert_roundtrip): assert_roundtrip(pluggy.PluginValidationError(None, "a"), checks=["type"])
"""
        write(
            pytester,
            "ini",
            portable_errors_absent=["pluggy"],
            portable_errors_installed=["shop.client"],
        )
        result = run(source)
        result.assert_outcomes(passed=1, failed=2)
        result.stdout.fnmatch_lines(
            [
                "*received  nothing. ModuleNotFoundError: No module named 'shop.errors'",
                "*ModuleNotFoundError: No module named 'pluggy'*",
            ]
        )

    def test_siblings_stay_absent_also_where_the_project_lies_beside_the_root(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        elsewhere = pytester.path.parent / f"{pytester.path.name}-elsewhere"
        for name in ("common/__init__.py", "common/client.py", "common/errors.py"):
            (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
            (elsewhere / name).write_text(CLIENT)
        source = """
import common.client, common.errors
def test_part(assert_roundtrip): assert_roundtrip(common.client.Refused("a"))
def test_package(assert_roundtrip): assert_roundtrip(common.Refused("a"))
def test_sibling(assert_roundtrip): assert_roundtrip(common.errors.Refused("a"))
"""
        pytester.makeini(
            f"[pytest]\npythonpath = . {elsewhere}\nportable_errors_installed = common.client\n"
        )
        result = run(source)
        result.assert_outcomes(passed=2, failed=1)
        result.stdout.fnmatch_lines(
            ["*received  nothing. ModuleNotFoundError: No module named 'common.errors'"]
        )

    def test_a_part_that_is_nowhere_is_told(self, run: Any, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors_installed=["shop.nowhere"])
        result = run("def test_it(assert_roundtrip): assert_roundtrip(ValueError('a'))\n")
        assert result.ret != pytest.ExitCode.OK
        assert (
            "portable_errors_installed: 'shop.nowhere' cannot be imported here"
            in result.stdout.str()
        )
