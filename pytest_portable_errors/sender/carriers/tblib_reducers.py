"""The reducers that tblib registers, as a worker has them.

tblib registers for the classes that exist when it is installed. A worker's library installs it
before the user's modules are imported; called in the test process it would register for the user's
classes as well, and all of them would arrive whole.
"""

from __future__ import annotations

import contextlib
import copyreg
import sys
from collections.abc import Collection, Iterator
from types import TracebackType

from pytest_portable_errors.receiver.fields import module_of


@contextlib.contextmanager
def as_in_a_worker(modules: Collection[str], *, installs: bool = True) -> Iterator[None]:
    """Have tblib's reducers in ``copyreg`` during the block, for what a worker has imported.

    Those of the test process, which may use the library itself, are put back after it. Others stay
    (numpy's, which distributed imports): they are not the carrier's doing.

    Args:
        modules: Names at the top of the library and of what it requires; the standard library's are
            added.
        installs: Whether the library has tblib register for all classes that exist when it is
            imported. If not, there are no reducers of tblib's but those that the block registers.
    """
    before = dict(copyreg.dispatch_table)
    try:
        import tblib.pickling_support

        if installs:
            tblib.pickling_support.install()
        # What a project registers, it registers after its worker's library.
        others = {cls: reducer for cls, reducer in before.items() if not _is_tblibs(reducer)}
        copyreg.dispatch_table.update(others)
        for cls in _classes_of_tblib():
            if not installs or not (cls is TracebackType or _is_of(cls, modules)):
                del copyreg.dispatch_table[cls]
        yield
    finally:
        for cls in _classes_of_tblib():
            if copyreg.dispatch_table[cls] is not before.get(cls):
                del copyreg.dispatch_table[cls]
        copyreg.dispatch_table.update(before)


def _classes_of_tblib() -> list[type]:
    return [cls for cls, reducer in copyreg.dispatch_table.items() if _is_tblibs(reducer)]


def _is_tblibs(reducer: object) -> bool:
    function = getattr(reducer, "func", reducer)  # one of tblib's is a partial
    return getattr(function, "__module__", "").startswith("tblib")


def _is_of(cls: type, modules: Collection[str]) -> bool:
    top = (module_of(cls) or "?").partition(".")[0]
    return top in sys.stdlib_module_names or top in modules
