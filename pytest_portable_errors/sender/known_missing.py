"""Remembers the modules that a receiver lacks, as its answers show.

A payload whose first import is known to be missing is answered without sending it.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_portable_errors.receiver.described import Answer, ErrorRecord, Name


class KnownMissing:
    """The modules that one receiver is known to lack.

    pickle's loads imports the names of a payload in their order, and fails at the first that cannot
    be imported. So the error is known by the first name alone; an answer also lists the other names
    that are missing, so it is known where each of them is.
    """

    def __init__(self) -> None:
        self._errors: dict[str, ErrorRecord | None] = {}
        """By absent module or package: what loads raises where a payload begins with something of
        it. None: it is absent, and that error was not seen yet."""
        self._present: set[Name] = set()
        """Names that the receiver has."""

    def learn(self, names: Sequence[Name], answer: Answer) -> None:
        """Keep what an answer shows about modules; an answer that shows nothing is ignored.

        Args:
            names: The globals of the payload, in its order.
            answer: What the receiver answered. Only a failure to import the first name counts:
                after that, something of the payload has run, and may have changed what can be
                imported.
        """
        missing: dict[Name, str | None] = {
            (module, qualname): absent for module, qualname, absent in answer.get("missing", ())
        }
        first = missing.get(names[0]) if names else None
        if first is None or not _is_in(names[0][0], first) or answer["error"]["module"] != first:
            return
        # The receiver may not have looked for the names behind the last one that is missing.
        *looked_for, _ = names[: max(map(names.index, missing)) + 1]
        self._present.update(name for name in looked_for if name not in missing)
        for (module, _), absent in missing.items():
            # Otherwise the module is there, and lacks another one.
            if absent is not None and _is_in(module, absent):
                self._errors.setdefault(absent, None)
        self._errors[first] = answer["error"]

    def answer_to(self, names: Sequence[Name]) -> Answer | None:
        """Return the answer to a payload without asking the receiver.

        Args:
            names: The globals of the payload, in its order.

        Returns:
            The answer, as the receiver would give it. None if that is not known of every name.
        """
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
        """The module itself, or a package above it, if that is known to be absent; else None."""
        return next((absent for absent in self._errors if _is_in(module, absent)), None)


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
