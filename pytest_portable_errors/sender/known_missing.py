"""What a receiver does not have, as its answers tell: what begins with a module that is known to be
absent need not travel."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_portable_errors.receiver.described import Answer, ErrorRecord, Name


class KnownMissing:
    """Of one receiver: pickle's loads imports what a payload names in its order, and fails at the
    first that cannot be imported."""

    def __init__(self) -> None:
        self._errors: dict[str, ErrorRecord | None] = {}
        """By absent module or package: what loads raises where a payload begins with something of
        it, if that is known."""
        self._present: set[Name] = set()

    def learn(self, names: Sequence[Name], answer: Answer) -> None:
        """Keep what the answer tells to a payload that names these."""
        missing: dict[Name, str | None] = {
            (module, qualname): absent for module, qualname, absent in answer.get("missing", ())
        }
        first = missing.get(names[0]) if names else None
        if first is None or not _is_in(names[0][0], first) or answer["error"]["module"] != first:
            return  # something of the payload has run, and may have changed what can be imported
        # those behind may not have been looked for
        *before, _ = names[: max(map(names.index, missing)) + 1]
        self._present.update(name for name in before if name not in missing)
        for (module, _), absent in missing.items():
            # otherwise a module that is there lacks another
            if absent is not None and _is_in(module, absent):
                self._errors.setdefault(absent, None)
        self._errors[first] = answer["error"]

    def answer_to(self, names: Sequence[Name]) -> Answer | None:
        """The answer to a payload that names these, if it is known."""
        first = self._absent(names[0][0]) if names else None
        error = None if first is None else self._errors[first]
        if error is None or not all(
            self._absent(name[0]) or name in self._present for name in names
        ):
            return None
        missing = [
            (module, qualname, self._absent(module))
            for module, qualname in names
            if self._absent(module)
        ]
        return {"stage": "loads", "error": error, "missing": missing}

    def _absent(self, module: str) -> str | None:
        """The module itself, or the package that it is in, if it is known to be absent."""
        return next((absent for absent in self._errors if _is_in(module, absent)), None)


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
