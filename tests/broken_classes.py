"""Writes as many broken exception classes as a test wants, each of another kind than its neighbour,
and the tests that raise them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

Kind = Callable[[str], tuple[str, str]]
"""Makes the source of a class of a name, and that of a call which makes an instance."""


def _too_few(name: str) -> tuple[str, str]:
    return (
        f"""
        class {name}(Exception):
            def __init__(self, order_id, reason):
                super().__init__(f"order {{order_id}}: {{reason}}")
                self.order_id = order_id
                self.reason = reason
        """,
        f'{name}(7, "declined")',
    )


def _rewrites(name: str) -> tuple[str, str]:
    return (
        f"""
        class {name}(Exception):
            def __init__(self, what):
                super().__init__(f"no such thing: {{what}}")
        """,
        f'{name}("lamp")',
    )


def _keyword_only(name: str) -> tuple[str, str]:
    return (
        f"""
        class {name}(Exception):
            def __init__(self, message, *, code):
                super().__init__(message)
                self.code = code
        """,
        f'{name}("refused", code=3)',
    )


def _fixed_text(name: str) -> tuple[str, str]:
    return (
        f"""
        class {name}(Exception):
            def __init__(self):
                super().__init__("closed")
        """,
        f"{name}()",
    )


def _drops_state(name: str) -> tuple[str, str]:
    return (
        f"""
        class {name}(Exception):
            def __init__(self, message, code=0):
                super().__init__(message)
                self.code = code

            def __reduce__(self):
                return type(self), self.args
        """,
        f'{name}("refused", 3)',
    )


def _slotted(name: str) -> tuple[str, str]:
    return (
        f"""
        class {name}(Exception):
            __slots__ = ("code",)

            def __init__(self, message, code):
                super().__init__(message)
                self.code = code

            def __str__(self):
                return f"{{self.args[0]}} ({{self.code}})"
        """,
        f'{name}("refused", 3)',
    )


KINDS: tuple[Kind, ...] = (
    _too_few,
    _rewrites,
    _keyword_only,
    _fixed_text,
    _drops_state,
    _slotted,
)


def write(repo: Path, number: int) -> None:
    """Add so many classes to the shop in a repository, and a test for each."""
    classes, tests = [], ["import pytest\n\nfrom shop import more\n"]
    for position in range(number):
        name = f"Broken{position + 1:02}"
        source, call = KINDS[position % len(KINDS)](name)
        classes.append(textwrap.dedent(source))
        tests.append(
            f"\ndef test_{position + 1:02}():\n    with pytest.raises(more.{name}):\n"
            f"        raise more.{call}\n"
        )
    (repo / "shop" / "more.py").write_text("\n".join(classes))
    (repo / "tests" / "test_more.py").write_text("\n".join(tests))
