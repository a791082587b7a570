"""How a receiver is named: one of three words, or the path of a Python interpreter. Loaded in every
run, so it imports nothing more."""

import os

from pytest_portable_errors.errors import PortableErrorsError

NAMED_RECEIVERS = ("without-project", "stdlib", "with-project")
DEFAULT_RECEIVER = "without-project"
EXPECTED = f"expected one of {', '.join(NAMED_RECEIVERS)}, or the path of a Python interpreter"


def receiver_named(name: object, *, relative_to: str) -> str:
    """The receiver's name as everything here takes it: the word, or the absolute path.

    A path is told by its separator. Raises PortableErrorsError for what is no name, or names no
    interpreter.
    """
    if not isinstance(name, str) or (
        name not in NAMED_RECEIVERS and os.path.basename(name) == name
    ):
        raise PortableErrorsError(EXPECTED)
    if name in NAMED_RECEIVERS:
        return name
    path = os.path.abspath(os.path.join(relative_to, os.path.expanduser(name)))
    if not os.path.exists(path):
        raise PortableErrorsError("there is no such interpreter")
    if os.path.isdir(path) or not os.access(path, os.X_OK):
        raise PortableErrorsError("it is no interpreter: it cannot be executed")
    return path
