"""One check, in a process of its own: rebuild the exception, describe it, answer, end.

Whatever a payload does here (exit, hang, crash, close descriptors, fork) ends with this process. The answer goes into a private pipe, so
that nothing done to the standard descriptors can corrupt it.
"""

import importlib
import os
import pickle  # noqa: F401  # nearly every check needs it: imported once, before the fork
import resource
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import frames, record

MEMORY = 4 * 1024**3  # bytes of address space that a check may add to what its process had when forked
HOW_MANY_MISSING = 20


def run(head: frames.Head, payload: bytes, answer_to: int) -> None:
    """Make the check, write the answer and end the process. Does not return."""
    own = os.getpid()
    status = 1
    try:
        _limit(head["timeout"])
        answer = frames.encode(dict(_outcome(head, payload), id=head["id"]))
        if os.getpid() == own:  # a payload may have forked, and both of them arrive here
            write_all(answer_to, answer)
            status = 0
    finally:
        os._exit(status)


def _outcome(head: frames.Head, payload: bytes) -> Dict[str, Any]:
    try:
        loads = _loader(head["loader"])
    except BaseException as error:
        return {"stage": "loader", "error": error_record(error)}
    try:
        subject = loads(payload)
    except BaseException as error:
        return {"stage": "loads", "error": error_record(error), "missing": list(_missing(head["names"]))}
    try:
        return {"stage": "arrived", "record": record.describe(subject, traceback=head["traceback"])}
    except KeyboardInterrupt as error:  # here nobody pressed a key: the exception's __str__ raises it
        return {"stage": "loads", "error": error_record(error)}


def _loader(name: str) -> Callable[[bytes], object]:
    module, _, function = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in function.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]  # what a user names is believed to be callable; if not, loads fails and says so


def error_record(error: BaseException) -> Dict[str, Any]:
    """What the receiver says of an error: type, message and, for an import, the module's name."""
    node = record.describe(error)["exceptions"][0]
    name = getattr(error, "name", None) if isinstance(error, ImportError) else None
    return {"type": node["type"], "message": node["message"], "module": name if isinstance(name, str) else None}


def _missing(names: List[Tuple[str, str]]) -> "List[List[Optional[str]]]":
    """Those of the payload's names that this interpreter does not have: ``[module, qualname, module that failed or None]``."""
    missing: List[List[Optional[str]]] = []
    for module, qualname in names:
        try:
            found: Any = importlib.import_module(module)
            for part in qualname.split("."):
                found = getattr(found, part)
        except ImportError as error:
            missing.append([module, qualname, error.name or module])
        except AttributeError:
            missing.append([module, qualname, None])
        except BaseException:  # a module that fails otherwise is there
            continue
        if len(missing) >= HOW_MANY_MISSING:
            break
    return missing


def _limit(timeout: float) -> None:
    """Own session (one kill reaches what the payload forks), processor time, memory, no core files."""
    os.setsid()
    seconds = max(1, int(timeout + 0.999))
    _, hardest = resource.getrlimit(resource.RLIMIT_CPU)
    hard = seconds + 1 if hardest == resource.RLIM_INFINITY else min(seconds + 1, hardest)
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, hard), hard))  # the hard limit kills what ignores SIGXCPU
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm") as statm:
            standing = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (standing + MEMORY, standing + MEMORY))
    except (OSError, ValueError):
        pass  # not Linux, or a lower hard limit stands already: then that one holds
    sys.setrecursionlimit(1_000)  # Python's own default, whatever an import has made of it


def write_all(fd: int, data: bytes) -> None:
    """Write all of it, blocking."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
