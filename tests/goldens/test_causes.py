"""Each cause of an earlier release is told, by the example of its document; its fix mends it."""

from __future__ import annotations

import re

import pytest
from earlier_release import Project

from pytest_portable_errors import Fix
from pytest_portable_errors.diagnosis.cause_names import (
    ATTRIBUTE_ADDED,
    ATTRIBUTE_RENAMED,
    BASE_CHANGED,
    CLASS_GONE,
    CLASS_MOVED,
    ENUM_MEMBER_GONE,
    FIELD_ADDED,
    INIT_CHANGED,
    OF_RELEASES,
)
from pytest_portable_errors.diagnosis.explain import explanation
from pytest_portable_errors.goldens.golden import VALUE

FORM = re.compile(
    r"# (?P<cause>[a-z-]+)\n\n(?P<seen>[^\n]+\.)\n\n## Why\n\n(?P<why>.+?)\n\n## Example\n\n"
    r"The release that pickled it:\n\n```python\n(?P<then>.+?)```\n\n"
    r"Today:\n\n```python\n(?P<today>.+?)```\n\n"
    r"## Fix\n\n(?P<prose>.+?)\n\n```python\n(?P<fix>.+?)```",
    re.DOTALL,
)


class TestDocuments:
    @pytest.mark.parametrize("cause", OF_RELEASES)
    def test_each_has_the_same_form(self, cause: str) -> None:
        found = FORM.fullmatch(explanation(cause))
        assert found is not None
        assert found["cause"] == cause
        assert found["seen"].count(". ") == 0, "one sentence"
        assert re.search(r"\(https://docs\.python\.org/\S+\)", found["why"])
        assert explanation(cause).isascii()

    @pytest.mark.parametrize("cause", OF_RELEASES)
    def test_the_example_has_the_cause_and_the_fix_mends_it(
        self, cause: str, project: Project
    ) -> None:
        found = FORM.fullmatch(explanation(cause))
        assert found is not None
        project.write(found["then"])
        golden = project.golden()
        assert project.check(golden).arrived_whole, "the control: by the same release"
        project.write(found["today"])
        trip = project.check(golden)
        assert trip.diagnosis is not None
        assert (trip.diagnosis.cause, trip.arrived_whole) == (cause, False)
        project.write(found["fix"])
        assert project.check(golden).arrived_whole


def fixes_of(project: Project, then: str, today: str) -> tuple[str, tuple[Fix, ...]]:
    """Cause and fixes of what ``then`` has pickled, by the code of today."""
    project.write(then)
    golden = project.golden()
    project.write(today)
    trip = project.check(golden)
    assert trip.diagnosis is not None, trip
    return trip.diagnosis.cause, trip.diagnosis.fixes


ERROR = "class PaymentError(Exception):\n    "


class TestFixesThatArePasted:
    """What is printed as tried holds when it is written where it says."""

    def test_a_default_of_a_parameter(self, project: Project) -> None:
        then = ERROR + "pass\ndef raised(): return PaymentError(7, 'x')"
        today = (
            ERROR + "def __init__(self, order: int, why: str, code: dict[str, int], *, tries: int)"
            " -> None:\n        super().__init__(order, why)\n"
        )
        cause, (fix,) = fixes_of(project, then, today)
        assert (cause, fix.arrives_whole) == (INIT_CHANGED, True)
        assert fix.code == (
            "def __init__(self, order: int, why: str, code: dict[str, int] = None, *, "
            "tries: int = None) -> None:  # payloads of release 1.4.0 have no code, tries"
        )
        project.write(then)
        golden = project.golden()
        project.write(re.sub(r"def __init__.*", lambda _: fix.code, today))
        assert project.check(golden).arrived_whole

    def test_a_method(self, project: Project) -> None:
        reduce = (
            "\n    def __reduce__(self): return type(self).__new__, (type(self),), vars(self)\n"
        )
        then = (
            ERROR
            + "def __init__(self): self.a = 1"
            + reduce
            + "def raised(): return PaymentError()"
        )
        today = ERROR + "def __init__(self):\n        self.a = self.b = self.c = 1" + reduce
        cause, fixes = fixes_of(project, then, today)
        assert cause == ATTRIBUTE_ADDED
        assert [fix.recipe for fix in fixes] == ["Method", "ClassAttribute"]
        for fix in fixes:
            project.write(then)
            golden = project.golden()
            body = "".join(f"    {line}\n" for line in fix.code.splitlines())
            project.write(today + body)
            assert project.check(golden).arrived_whole, fix.code

    def test_an_alias_of_a_class_in_another_module(self, project: Project) -> None:
        project.write(ERROR + "pass\ndef raised(): return PaymentError(7)")
        golden = project.golden()
        project.write("")
        project.write(ERROR + "pass", file="shop/payments/errors.py")
        project.write("", file="shop/payments/__init__.py")
        project.write("", file="shop/__init__.py")
        trip = project.check(golden)
        assert trip.diagnosis is not None
        (fix,) = trip.diagnosis.fixes
        assert trip.diagnosis.cause == CLASS_MOVED
        assert "from shop.payments.errors import PaymentError" in fix.code
        project.write(fix.code)
        assert project.check(golden).arrived_whole, "by the name that still stands for it"

    def test_a_module_that_is_gone(self, project: Project) -> None:
        project.write("", file="shop/__init__.py")
        project.write(ERROR + "pass\ndef raised(): return PaymentError(7)")
        golden = project.golden()
        (project.folder / "shop" / "errors.py").unlink()
        project.write(ERROR + "pass", file="shop/exc.py")
        trip = project.check(golden)
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == CLASS_MOVED
        assert "is now in shop.exc" in trip.diagnosis.why


class TestRenamed:
    def test_an_attribute_that_the_constructor_sets_to_none(self, project: Project) -> None:
        """loads calls it with what it was given then, and restores the old name beside it."""
        source = (
            "class PaymentError(Exception):\n    def __init__(self, text, code=None):\n"
            "        super().__init__(text)\n        self.{name} = code\n"
            "{more}"
            "def raised(): return PaymentError('bad gateway', 502)\n"
        )
        project.write(source.format(name="code", more=""))
        golden = project.golden()
        project.write(source.format(name="status", more=""))
        trip = project.check(golden)
        assert [(loss.path, loss.sent) for loss in trip.losses] == [("exc.status", "502, as code")]
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == ATTRIBUTE_RENAMED
        (fix,) = trip.diagnosis.fixes
        more = "".join(f"    {line}\n" for line in fix.code.splitlines())
        project.write(source.format(name="status", more=more))
        assert project.check(golden).arrived_whole

    def test_a_field_of_a_value(self, project: Project) -> None:
        order = "import dataclasses\n@dataclasses.dataclass\nclass Order:\n    {name}: int\n{more}"
        error = ERROR + "pass\ndef raised(): return PaymentError(Order(100))\n"
        project.write(order.format(name="total", more="") + error)
        golden = project.golden()
        project.write(order.format(name="amount", more="") + error)
        trip = project.check(golden)
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == ATTRIBUTE_RENAMED
        assert 'setdefault("amount", state["total"])' in trip.diagnosis.fixes[0].code

    def test_an_enum_s_member_that_has_another_value(self, project: Project) -> None:
        enum = "import enum\nclass Reason(enum.Enum):\n    A = 'a'\n    B = {value!r}\n{more}"
        error = ERROR + "pass\ndef raised(): return PaymentError(Reason.B)\n"
        project.write(enum.format(value="b", more="") + error)
        golden = project.golden()
        project.write(enum.format(value="bb", more="") + error)
        trip = project.check(golden)
        assert trip.diagnosis is not None
        assert "B has another value today" in trip.diagnosis.why
        (fix,) = trip.diagnosis.fixes
        more = "".join(f"    {line}\n" for line in fix.code.splitlines())
        project.write(enum.format(value="bb", more=more) + error)
        assert "return cls.B" in more
        assert project.check(golden).received is not None


class TestNothingIsGuessed:
    def test_a_base_s_constructor_that_nobody_calls(self, project: Project) -> None:
        source = (
            "class Base(Exception):\n    def __init__(self): {more}\n"
            "class PaymentError(Base):\n    def __init__(self, n): Exception.__init__(self, n)\n"
            "def raised(): return PaymentError(7)\n"
        )
        project.write(source.format(more="pass"))
        golden = project.golden()
        project.write(source.format(more="self.code = 1"))
        assert project.check(golden).arrived_whole

    def test_what_getattr_has_for_old_payloads_and_what_is_deleted_again(
        self, project: Project
    ) -> None:
        source = (
            "class PaymentError(Exception):\n    def __init__(self): self.a = 1; {more}\n"
            "    def __reduce__(self): return type(self).__new__, (type(self),), vars(self)\n"
            "{method}def raised(): return PaymentError()\n"
        )
        project.write(source.format(more="pass", method=""))
        golden = project.golden()
        method = (
            "    def __getattr__(self, name):\n        if name == 'b': return 0\n"
            "        raise AttributeError(name)\n"
        )
        project.write(source.format(more="self.b = 1; self.c = 1; del self.c", method=method))
        assert project.check(golden).arrived_whole

    def test_what_has_the_name_and_is_no_exception(self, project: Project) -> None:
        project.write("", file="shop/__init__.py")
        project.write(ERROR + "pass\ndef raised(): return PaymentError(7)")
        golden = project.golden()
        project.write("")
        project.write("class PaymentError:\n    def __init__(self, n): pass", file="shop/other.py")
        trip = project.check(golden)
        assert trip.diagnosis is not None
        assert (trip.diagnosis.cause, trip.diagnosis.fixes) == (CLASS_GONE, ())
        assert "shop.other.PaymentError has its name" in trip.diagnosis.why

    def test_a_class_that_takes_the_arguments_and_is_another(self, project: Project) -> None:
        then = ERROR + "pass\ndef raised(): return PaymentError(7)"
        cause, fixes = fixes_of(project, then, "class LoginError(Exception): pass")
        assert (cause, fixes) == (CLASS_GONE, ())

    def test_a_class_with_a_name_like_it_that_is_caught_otherwise(self, project: Project) -> None:
        base = "class ShopError(Exception): pass\n"
        then = base + "class PaymentError(ShopError): pass\ndef raised(): return PaymentError(7)"
        cause, _ = fixes_of(project, then, base + "class PaymentErrors(Exception): pass")
        assert cause == CLASS_GONE
        cause, _ = fixes_of(project, then, base + "class PaymentErrors(ShopError): pass")
        assert cause == CLASS_MOVED, "the control"

    def test_an_attribute_that_is_set_only_sometimes(self, project: Project) -> None:
        then = ERROR + (
            "def __init__(self, code=None):\n        if code: self.code = code\n"
            "    def __reduce__(self): return type(self).__new__, (type(self),), vars(self)\n"
            "def raised(): return PaymentError()"
        )
        project.write(then)
        assert project.check(project.golden()).arrived_whole

    def test_an_attribute_that_it_lacked_in_its_own_release(self, project: Project) -> None:
        project.write(
            ERROR + "def __init__(self): self.code = 1\n"
            "    def __reduce__(self): return type(self).__new__, (type(self),)\n"
            "def raised(): return PaymentError()"
        )
        golden = project.golden()
        assert golden.lacks == ("exc.code",)
        assert project.check(golden).arrived_whole

    def test_what_today_s_code_only_adds(self, project: Project) -> None:
        project.write(ERROR + "pass\ndef raised(): return PaymentError(7)")
        golden = project.golden()
        project.write(ERROR + "def __init__(self, n): super().__init__(n); self.added = 1")
        assert project.check(golden).arrived_whole

    def test_a_chain_that_pickle_has_never_carried(self, project: Project) -> None:
        project.write(
            ERROR
            + "pass\ndef raised():\n    e = PaymentError(7); e.__cause__ = KeyError(1); return e"
        )
        assert project.check(project.golden()).arrived_whole


class TestValues:
    def test_a_field_that_was_added_to_a_value(self, project: Project) -> None:
        dataclass = "import dataclasses\n@dataclasses.dataclass\nclass Order:\n    number: int\n"
        project.write(dataclass)
        golden = project.golden("Order(7)", way=VALUE)
        assert (golden.id, golden.bases) == ("order-v1[pickle 1.4.0 value]", ())
        assert project.check(golden).arrived_whole
        project.write(dataclass + "    currency: str\n")
        trip = project.check(golden)
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == FIELD_ADDED
        assert [loss.path for loss in trip.losses] == ["value.currency"]
        (fix,) = trip.diagnosis.fixes
        body = "".join(f"    {line}\n" for line in fix.code.splitlines())
        project.write(dataclass + "    currency: str\n" + body)
        assert project.check(golden).arrived_whole

    def test_a_field_of_a_pydantic_model(self, project: Project) -> None:
        pytest.importorskip("pydantic")
        model = "import pydantic\nclass Order(pydantic.BaseModel):\n    number: int\n"
        error = ERROR + "pass\ndef raised(): return PaymentError(Order(number=7))\n"
        project.write(model + error)
        golden = project.golden()
        project.write(model + "    currency: str\n" + error)
        trip = project.check(golden)
        assert trip.diagnosis is not None
        assert (trip.diagnosis.cause, len(trip.diagnosis.fixes)) == (FIELD_ADDED, 1)

    def test_a_member_of_an_enum_that_the_fix_replaces(self, project: Project) -> None:
        enum = "import enum\nclass Reason(enum.Enum):\n    A = 'a'\n"
        error = ERROR + "pass\ndef raised(): return PaymentError(Reason('b'))\n"
        project.write(enum + "    B = 'b'\n" + error)
        golden = project.golden()
        project.write(enum + error)
        trip = project.check(golden)
        assert trip.diagnosis is not None
        (fix,) = trip.diagnosis.fixes
        assert (trip.diagnosis.cause, fix.arrives_whole) == (ENUM_MEMBER_GONE, False)
        assert "exc.args[0]" in fix.still_lost


def test_a_base_that_has_moved_and_is_still_caught_by_its_old_name(project: Project) -> None:
    project.write("", file="shop/__init__.py")
    base, error = "class ShopError(Exception): pass\n", "class PaymentError(ShopError): pass\n"
    project.write(base + error + "def raised(): return PaymentError(7)")
    golden = project.golden()
    project.write(base, file="shop/base.py")
    project.write("from shop.base import ShopError\n" + error)
    assert project.check(golden).arrived_whole
    project.write(
        "from shop.base import ShopError as Other\n" + error.replace("ShopError", "Other")
    )
    assert not project.check(golden).arrived_whole, "the control: nothing has the old name"


def test_a_base_is_told_by_the_except_clause_that_misses_it(project: Project) -> None:
    base = "class ShopError(Exception): pass\n"
    then = base + "class PaymentError(ShopError): pass\ndef raised(): return PaymentError(7)"
    project.write(then)
    golden = project.golden()
    project.write(then.replace("(ShopError)", "(Exception)"))
    trip = project.check(golden)
    assert trip.diagnosis is not None
    assert trip.diagnosis.cause == BASE_CHANGED
    assert "`except shop.errors.ShopError` misses it" in trip.diagnosis.why
