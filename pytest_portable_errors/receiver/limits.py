"""What a process may use. Where the system has no such limits (Windows), the wall clock that the
server keeps is the only one."""

import contextlib
import os
import time
from typing import Optional

try:
    import resource
except ImportError:  # not POSIX
    resource = None  # type: ignore[assignment]  # asked for before each use

# bytes of address space that a check may add to what its process had when forked
MEMORY = 4 * 1024**3


def processor_seconds() -> float:
    """What this process has used so far."""
    return time.process_time()


def memory_limit() -> Optional[int]:
    """Bytes of address space for this process and those that it forks; None where the system does
    not tell."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + MEMORY
    except OSError:
        return None


def limit_processor(seconds: Optional[float]) -> None:
    """Let this process use so much more before it gets SIGXCPU; None for no limit. What ignores
    that signal, the server sees and kills."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = hard if seconds is None else max(1, int(processor_seconds() + seconds + 0.999))
        resource.setrlimit(
            resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
        )


def limit_memory(size: Optional[int]) -> None:
    """Bytes of address space. None is found out, which takes a tenth of the time that the whole
    check does."""
    if resource is not None:
        size = size or memory_limit()
        if size is not None:
            with contextlib.suppress(ValueError):  # a lower hard limit stands already, and holds
                resource.setrlimit(resource.RLIMIT_AS, (size, size))


def no_core_files() -> None:
    """A payload that crashes leaves no file behind."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
