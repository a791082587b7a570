"""Arguments and results of tasks take the same way as errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

MODELS = """
import threading

class Order:
    def __init__(self, number): self.number = number

class Held(Order):
    def __init__(self):
        super().__init__(1)
        self.lock = threading.Lock()

class Forgets(dict):
    def __reduce__(self): return Forgets, ()

class Broken:
    def __reduce__(self): return int, ("x",)
"""


class TestValues:
    @pytest.fixture(autouse=True)
    def models(self, shop: Path) -> None:
        (shop / "models.py").write_text(MODELS)

    def test_what_arrives_whole(self, run: Any) -> None:
        result = run(
            """
from shop.models import Order
def test_it(assert_value_roundtrip):
    trip = assert_value_roundtrip([Order(1), {"a": (1, {2})}, None], receiver="with-project")
    assert trip.arrived_whole and trip.serializer == "pickle"

@pytest.mark.portable_exception(receiver="with-project", serializers=("cloudpickle",), at_least=0)
def test_the_marker_gives_the_defaults(assert_value_roundtrip):
    trip = assert_value_roundtrip(Order(1))
    assert (trip.serializer, trip.receiver) == ("cloudpickle", "with-project")
"""
        )
        result.assert_outcomes(passed=2)

    def test_what_does_not(self, run: Any) -> None:
        result = run(
            """
from shop.models import *
def test_lock(assert_value_roundtrip):
    assert_value_roundtrip({"order": Held()}, receiver="with-project", serializers=("pickle",))
def test_changed(assert_value_roundtrip):
    assert_value_roundtrip([1, Forgets(a=1)], receiver="with-project")
def test_absent(assert_value_roundtrip):
    assert_value_roundtrip(Order(1), serializers=("pickle",))
def test_broken(assert_value_roundtrip):
    assert_value_roundtrip(Broken(), receiver="with-project", serializers=("pickle",))
"""
        )
        result.assert_outcomes(failed=4)
        result.stdout.fnmatch_lines(
            [
                "dict does not arrive: dumps raised TypeError *",
                "  why   value['order'].lock (_thread.lock) cannot be pickled",
                "list arrives changed: attributes *",
                "  - value[[]1]   shop.models.Forgets({'a': 1})",
                "  + value[[]1]   shop.models.Forgets({})",
                "shop.models.Order does not arrive: loads raised ModuleNotFoundError *",
                (
                    "  why   the payload names shop.models.Order, and the receiver has no module "
                    "'shop'"
                ),
                "shop.models.Broken does not arrive: loads raised ValueError *",
                "  received  nothing. ValueError: invalid literal for int*",
            ]
        )

    def test_what_dumps_writes_to_a_class_stays_there(self, run: Any) -> None:
        """What it writes to an exception is taken back; the dict of a class cannot be written
        to."""
        result = run(
            """
import pickle
from shop.models import Order
class Touching:
    name, loader, needs = "touching", "pickle:loads", ()
    def dumps(self, value):
        value.touched = True
        return pickle.dumps(value)
def test_it(assert_value_roundtrip):
    assert assert_value_roundtrip(Order, serializers=(Touching(),), receiver="with-project").arrived_whole
    assert Order.touched
"""
        )
        result.assert_outcomes(passed=1)

    def test_secrets_are_in_no_text(self, run: Any) -> None:
        result = run(
            """
SECRET = {"cookies": ["opaque-abcdefgh-1234"], "password": "hunter2hunter2", "api_key": "sk-0123456789abcdef0123456789"}
def test_fails(assert_value_roundtrip):
    assert_value_roundtrip({**SECRET, "f": lambda: 0}, receiver="with-project", serializers=("pickle",))
def test_as_data(assert_value_roundtrip):
    print(assert_value_roundtrip(SECRET, receiver="with-project").to_dict())
def test_keys(assert_primitive):
    assert_primitive({"sk-0123456789abcdef0123456789": {1}, "password": {b"hunter2hunter2": {1}, "hunter2hunter2": {1}}})
""",
            "-rA",
        )
        result.assert_outcomes(passed=1, failed=2)
        printed = result.stdout.str()
        for secret in ("opaque-abcdefgh-1234", "hunter2hunter2", "sk-0123456789abcdef0123456789"):
            assert secret not in printed
        assert "'password': '***'" in printed

    def test_credentials_can_be_an_error_here_too(self, run: Any) -> None:
        source = (
            "def test_it(assert_value_roundtrip): assert_value_roundtrip({'password': "
            "'hunter2hunter2'}, receiver='with-project')"
        )
        run(source).assert_outcomes(passed=1)
        result = run(source, "-o", "portable_errors_credentials=error")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["dict carries credentials", "", "  value[[]'password'[]]   password"]
        )

    def test_a_carrier_of_errors_alone_says_so(self, run: Any) -> None:
        result = run(
            "def test_it(assert_value_roundtrip): assert_value_roundtrip(1, "
            "serializers=('process-pool',))"
        )
        result.stdout.fnmatch_lines(
            [
                (
                    "*PortableErrorsError: serializer 'process-pool' carries errors only: for "
                    "values name another, *"
                )
            ]
        )

    def test_a_class_that_was_sent_by_value_is_another_one(self, run: Any) -> None:
        result = run(
            """
import cloudpickle
import shop.models
def test_it(assert_value_roundtrip):
    cloudpickle.register_pickle_by_value(shop.models)
    assert_value_roundtrip(shop.models.Order(1), serializers=("cloudpickle",))
"""
        )
        result.stdout.fnmatch_lines(
            [
                "shop.models.Order arrives changed: type *",
                "  + value   a copy of shop.models.Order: another class",
            ]
        )

    def test_an_exception_is_sent_to_the_other_fixture(self, run: Any) -> None:
        result = run("def test_it(assert_value_roundtrip): assert_value_roundtrip(ValueError())")
        result.stdout.fnmatch_lines(
            [
                (
                    "*PortableErrorsError: assert_value_roundtrip() got ValueError, an exception: "
                    "use assert_roundtrip"
                )
            ]
        )
