"""What ``ray.get`` does with the error of a task."""

from .library import find

_from_bytes = find("ray", "ray.exceptions", "RayError.from_bytes")
_TaskError = find("ray", "ray.exceptions", "RayTaskError")


def loads(payload: bytes) -> object:
    """The ``cause`` of the RayTaskError that ``ray.get`` raises.

    Its own class is one that Ray makes: ``except`` finds it by the error's class, its attributes
    are those of its ``cause``, and its text is the worker's traceback.
    """
    error = _from_bytes(payload)
    return error.as_instanceof_cause().cause if isinstance(error, _TaskError) else error
