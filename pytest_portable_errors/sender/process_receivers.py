"""The receivers of this process, which are the only global of the package.

``check_round_trip`` can be called from anywhere, and a process needs its receivers once. The plugin
imports this module in every run, so it imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers


@dataclass(slots=True, kw_only=True)
class Shared:
    """The receivers that this process shares, or how they are made."""

    receivers: Receivers | None = None
    """None: not made yet."""
    make: Callable[[], Receivers] | None = None
    """Makes them on first use; pytest's run sets it, because it knows the project. None: the
    project is looked for upward from the current folder."""


class _Global:
    shared = Shared()


def current() -> Shared:
    """Return what this process shares now; its fields may be set."""
    return _Global.shared


def replace(shared: Shared) -> Shared:
    """Share this, and return what was shared before, for the caller to put back."""
    before, _Global.shared = _Global.shared, shared
    return before


def share(receivers: Receivers | None) -> Receivers | None:
    """Make these the receivers of this process.

    Args:
        receivers: The receivers, which the caller closes. None: they are made on first use.

    Returns:
        The receivers that were shared before, for the caller to put back; None if there were none.
    """
    shared = current()
    before, shared.receivers = shared.receivers, receivers
    return before
