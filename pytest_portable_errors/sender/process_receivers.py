"""The one global: ``check_round_trip`` can be called from anywhere, and a process needs its
receivers once.

The plugin imports this module in every run, so it imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers


@dataclass(slots=True, kw_only=True)
class Shared:
    """What this process shares now."""

    receivers: Receivers | None = None
    make: Callable[[], Receivers] | None = None
    """Makes them on first use, as pytest's run knows the project. None: nobody told, and the
    current folder says where it is."""


class _Now:
    shared = Shared()


def now() -> Shared:
    return _Now.shared


def replace(shared: Shared) -> Shared:
    """Share this, and return what was shared before, so that the caller can put it back."""
    before, _Now.shared = _Now.shared, shared
    return before


def share(receivers: Receivers | None) -> Receivers | None:
    """Make these the receivers of this process, and give the ones before. Who shares them closes
    them, and puts the others back."""
    current = now()
    before, current.receivers = current.receivers, receivers
    return before
