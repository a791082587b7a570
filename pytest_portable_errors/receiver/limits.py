"""What a process may use: processor time, memory, and no core files.

Where the system has no such limits (Windows), the server's limit of wall clock is the only one.
"""

import contextlib
import os
import time
from typing import Optional

try:
    import resource
except ImportError:  # not POSIX
    resource = None  # type: ignore[assignment]  # each use asks first

# Bytes of address space that a check may add to what its process had when it was forked.
MEMORY = 4 * 1024**3


def processor_seconds() -> float:
    """Processor time that this process has used so far."""
    return time.process_time()


def memory_limit() -> Optional[int]:
    """Bytes of address space that a process may have; None where the system does not tell.

    It is what this process has now, as proc(5) tells in ``/proc/self/statm``, and ``MEMORY`` more.
    """
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + MEMORY
    except OSError:
        return None


def limit_processor(seconds: Optional[float]) -> None:
    """Let this process use so much more processor time before it gets SIGXCPU.

    The server kills a process that ignores the signal (``deadlines.py``).

    Args:
        seconds: How much more it may use; the limit is this and what it has used already, rounded
            up to whole seconds, in which RLIMIT_CPU counts. None: the hard limit alone.
    """
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = hard if seconds is None else max(1, int(processor_seconds() + seconds + 0.999))
        resource.setrlimit(
            resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
        )


def limit_memory(size: Optional[int]) -> None:
    """Limit the address space of this process.

    Args:
        size: Bytes. None: ``memory_limit`` is asked, which takes a tenth of a whole check's time.
    """
    if resource is not None:
        size = size or memory_limit()
        if size is not None:
            with contextlib.suppress(ValueError):  # a lower hard limit stands already, and holds
                resource.setrlimit(resource.RLIMIT_AS, (size, size))


def limit_data(size: int) -> None:
    """Limit the memory that this process, and those that it starts, may fill.

    Args:
        size: Bytes of data (RLIMIT_DATA); what is only mapped does not count.
    """
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def limit_file_size(size: int) -> None:
    """Let this process, and those that it starts, write no larger files.

    Args:
        size: Bytes (RLIMIT_FSIZE). Writing more raises OSError, because Python ignores SIGXFSZ.
    """
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def no_core_files() -> None:
    """Have this process, and those that it forks, leave no core file when they crash."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
