"""The settings of checks: what may be imported, the consumer's start-up, the limits of imports."""

import sys
from typing import List, Optional

from . import messages
from .imports import Rules


class CheckSettings:
    """The settings of one process; a process forked from it has a copy, and changes that.

    Args:
        config: The receiver's first message: the fields of ``sender.project.Imports``, and limits.
        rules: What may be imported here.
    """

    def __init__(self, config: messages.Head, rules: Rules) -> None:
        self.rules = rules
        """What may be imported; its ``needs`` change from check to check."""
        self.setup: List[str] = list(config["setup"])
        """``module:callable`` of the consumer's start-up: those still to be called here."""
        self.import_seconds: float = config["import_seconds"]
        """Seconds of processor time that imports may take. They have a budget of their own: the
        limits of a check are for loads."""
        self.stall_seconds: float = config["stall_seconds"]
        """Seconds after which an import that has used no processor time is given up: it waits for
        something that will not come."""
        self.is_other_python = config["python"] != [sys.implementation.name, *sys.version_info[:2]]
        """Whether the sender's Python is another one, which may have classes elsewhere."""
        self.memory: Optional[int] = None
        """Bytes of address space that a check may have. None: it is measured when loads begins."""
