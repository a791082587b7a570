"""Wrong markers are errors at collection; hostile exceptions are one clear failure each."""

from __future__ import annotations

from typing import Any

import pytest

HOSTILE = """
class LyingClass(Exception):
    @property
    def __class__(self): raise RuntimeError

class NoAttributes(Exception):
    def __getattribute__(self, name): raise RuntimeError(name)

class NoModule(Exception): pass
NoModule.__module__ = []

class Meta(type):
    def __getattribute__(cls, name): raise RuntimeError(name)
class WithMeta(Exception, metaclass=Meta): pass

class BadArgs(Exception):
    args = property(lambda self: 1 / 0)

class BadSignature(Exception):
    def __init__(self, *args): super().__init__(1, 2)
BadSignature.__init__.__signature__ = "nonsense"

def no_self(): ...
class NoSelf(Exception): pass

class BadKey:
    def __str__(self): raise ValueError
    __repr__ = __str__

class Holds(Exception):
    def __init__(self): self.args = ({BadKey(): __import__("threading").Lock()},)

KINDS = {"kinds": [LyingClass, NoAttributes, NoModule, WithMeta, BadArgs, BadSignature, Holds]}
del LyingClass, NoAttributes, NoModule, WithMeta, Meta, BadArgs, BadSignature, Holds  # pytest looks at a module's classes

@pytest.mark.parametrize("kind", range(7))
@pytest.mark.portable_exception(receiver="with-project")
def test_hostile(kind):
    with pytest.raises(ValueError): raise ValueError("one that cannot be referenced weakly, first")
    with pytest.raises(Exception): raise KINDS["kinds"][kind]()

def test_after(): pass
"""


def test_a_hostile_exception_is_one_clear_failure(run: Any) -> None:
    result = run(HOSTILE)
    result.assert_outcomes(failed=7, passed=1)
    assert "INTERNALERROR" not in result.stdout.str()
    assert result.stdout.str().count("does not arrive") >= 7


WRONG = (
    (
        "'x'",
        (
            "takes keywords only, got 'x': write "
            "@pytest.mark.portable_exception(raises=PaymentError)"
        ),
    ),
    ("raise_=KeyError", "unknown keyword raise_=KeyError: did you mean raises?"),
    (
        "raises=KeyError()",
        "raises=KeyError(): expected an exception class or a tuple of them",
    ),
    ("raises=()", "raises=(): expected an exception class or a tuple of them"),
    (
        "receiver='moon'",
        (
            "receiver='moon': expected one of without-project, stdlib, with-project, or "
            "the path of a Python interpreter"
        ),
    ),
    (
        "serializers='pickle'",
        (
            "serializers='pickle': expected a tuple of names or Serializers, e.g. "
            "('pickle', 'cloudpickle')"
        ),
    ),
    (
        "serializers=('json',)",
        "unknown serializer 'json': expected one of pickle, cloudpickle, dill, *",
    ),
    ("checks=('typo',)", "checks=('typo',): expected a tuple of some of type, message, *"),
    ("at_least=True", "at_least=True: expected how many exceptions: 0, 1, 2..."),
    ("reason=3", "reason=3: expected a text"),
    (
        "arrives_as=3",
        (
            "arrives_as=3: expected an exception class, or its dotted name such as "
            "'builtins.RuntimeError'"
        ),
    ),
)
"""What is given to the marker, and what is said of it."""


class TestMisuse:
    def test_is_an_error_at_collection_that_names_the_test(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        """One file for each, since none of a file's tests is collected when one is wrong."""
        for number, (marker, _) in enumerate(WRONG):
            (pytester.path / f"test_{number}.py").write_text(
                f"import pytest\n\n@pytest.mark.portable_exception({marker})\ndef test_it(): pass\n"
            )
        result = run("def test_right(): pass\n")
        result.assert_outcomes(errors=len(WRONG))
        assert result.ret == 2
        result.stdout.fnmatch_lines_random(
            [
                f"test_{number}.py::test_it: @pytest.mark.portable_exception: "
                + message.replace("[", "[[]")
                for number, (_, message) in enumerate(WRONG)
            ]
        )

    def test_a_class_as_the_only_argument_swallows_the_test_and_that_is_found(
        self, run: Any
    ) -> None:
        result = run(
            "@pytest.mark.portable_exception(Whole)\ndef test_it(): pass\n\ndef test_other(): "
            "pass\n"
        )
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(
            [
                (
                    "test_shop.py::test_it: @pytest.mark.portable_exception(Whole) marked the "
                    "class and swallowed the test; write "
                    "@pytest.mark.portable_exception(raises=Whole)"
                )
            ]
        )

    def test_the_marker_is_registered(self, run: Any) -> None:
        result = run(
            (
                "@pytest.mark.portable_exception\ndef test_it():\n    with "
                "pytest.raises(ValueError): int('x')\n"
            ),
            "--strict-markers",
        )
        result.assert_outcomes(passed=1)
        assert (
            "portable_exception(*, raises, chain, arrives_as" in run("", "--markers").stdout.str()
        )
