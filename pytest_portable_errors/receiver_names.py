"""How a receiver is named: one of three words, or the path of a Python interpreter.

pytest imports this module in every run, so it imports next to nothing.
"""

import os

from pytest_portable_errors.errors import PortableErrorsError

NAMED_RECEIVERS = ("without-project", "stdlib", "with-project")
"""The words: this interpreter without the project's modules, with the standard library alone, and
with the project."""
DEFAULT_RECEIVER = "without-project"
"""The receiver where nobody names one."""
EXPECTED = f"expected one of {', '.join(NAMED_RECEIVERS)}, or the path of a Python interpreter"
"""The end of an error's text about a name that is none."""


def receiver_named(name: object, *, relative_to: str) -> str:
    """Validate the name of a receiver, and make a path absolute.

    Args:
        name: The word or path; it is a path if it has a separator in it. ``~`` is expanded.
        relative_to: The folder in which a relative path starts.

    Returns:
        The word, or the absolute path.

    Raises:
        PortableErrorsError: It is neither, or nothing that can be executed lies at the path.
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
