"""On what settings checks are made: what may be imported, what a consumer does at its start, and
what imports may take."""

from typing import List, Optional

from . import messages
from .imports import Rules


class CheckSettings:
    """Those of one process. A process forked from it has a copy, and changes that."""

    def __init__(self, config: messages.Head, rules: Rules) -> None:
        self.rules = rules
        self.setup: List[str] = list(config["setup"])
        """``module:callable``, those still to be called here."""
        self.import_seconds: float = config["import_seconds"]
        """Processor time that imports may take. They have a budget of their own: the limits of a
        check are for loads."""
        self.stall_seconds: float = config["stall_seconds"]
        """An import that uses no processor time for so long waits for something that will not
        come."""
        self.memory: Optional[int] = None
        """Bytes of address space that a check may have. None: to be found out when it begins."""
