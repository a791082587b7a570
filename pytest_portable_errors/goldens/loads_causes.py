"""Why loads cannot rebuild what an earlier release has pickled."""

from __future__ import annotations

import json
import re

from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_GONE,
    CLASS_MOVED,
    ENUM_MEMBER_GONE,
    INIT_CHANGED,
)
from pytest_portable_errors.diagnosis.findings import Diagnosis, Fix
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.shown import error_text, short_name
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.method_fix import method_fix
from pytest_portable_errors.goldens.trials import Trials
from pytest_portable_errors.receiver.described import About, Answer
from pytest_portable_errors.sender.trip import RoundTrip

_MISSING_ARGUMENTS = re.compile(r"missing \d+ required (?:positional|keyword-only) argument")
_NO_MEMBER = re.compile(r"is not a valid (\w+)$")


def class_moved_or_gone(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """The class, or one that the payload names, is gone under that name.

    The arguments, and what is raised, are those of ``causes.diagnose``; None if it is not so.
    """
    missing = answer.get("missing")
    if not missing:
        return None
    module, qualname, absent = missing[0]
    name = f"{module}.{qualname}"
    now = f"no module {absent!r}" if absent else f"no {qualname} in {module}"
    why = f"release {golden.release} pickled it as {name}, and today there is {now}"
    found = answer.get("today", {}).get("found", {}).get(name, [])
    for place in found:
        new_module, _, new_name = place.partition(":")
        trip = trials.trip({"names": [[[module, qualname], [new_module, new_name]]]})
        if trip is None:
            continue
        is_renamed = new_name != qualname.rpartition(".")[2]
        if is_renamed and trip.losses:
            continue
        verb = "was (likely) renamed to" if is_renamed else "is now in"
        told = f"{new_module}.{new_name}" if is_renamed else new_module
        return Diagnosis(
            cause=CLASS_MOVED,
            why=f"{why}: it {verb} {told}",
            evidence=(name, f"{new_module}.{new_name}"),
            fixes=(
                _alias(
                    module,
                    qualname,
                    new_module,
                    new_name,
                    golden,
                    trip,
                    is_gone=absent is not None,
                ),
            ),
        )
    ignored = golden.name if golden.has_exception else name
    same_name = [
        place.replace(":", ".")
        for place in found
        if place.rpartition(":")[2] == qualname.rpartition(".")[2]
    ]
    other = (
        f"\n{', '.join(same_name)} has its name, and is not rebuilt from what it was"
        if same_name
        else ""
    )
    return Diagnosis(
        cause=CLASS_GONE,
        why=(
            f"{why}{other}\nrenamed? keep the old name: {qualname.rpartition('.')[2]} = NewName"
            f"\ngone on purpose? add to portable_errors_ignore: {ignored}"
        ),
        evidence=(name,),
    )


def _alias(
    module: str,
    qualname: str,
    new_module: str,
    new_name: str,
    golden: Golden,
    trip: RoundTrip,
    *,
    is_gone: bool,
) -> Fix:
    """``is_gone`` says whether the whole module is."""
    keeps = f"payloads of release {golden.release} name it so"
    name = qualname.rpartition(".")[2]
    imported = name if name == new_name else f"{new_name} as {name}"
    if module == new_module:
        code = f"{name} = {new_name}  # {keeps}"
    elif is_gone:
        code = f"from {new_module} import {imported}  # noqa: F401  # {keeps}"
    else:
        # Not at the top: the other module may import this one.
        code = (
            "def __getattr__(name):\n"
            f'    if name == "{name}":  # {keeps}\n'
            f"        from {new_module} import {imported}\n\n"
            f"        return {name}\n"
            "    raise AttributeError(name)"
        )
    return Fix(
        title=f"keep the old name {'in a module' if is_gone else 'at the end of'} {module}",
        code=code,
        arrives_whole=not trip.losses,
        still_lost=tuple(loss.path for loss in trip.losses),
        receiver=trip.receiver,
        owner=f"{new_module}:{new_name}",
        recipe="Alias",
    )


def enum_member_gone(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """An enum of today has no member of a value that was sent.

    The arguments, and what is raised, are those of ``causes.diagnose``; None if it is not so.
    """
    error = answer["error"]
    match = _NO_MEMBER.search(error["message"].get("text", ""))
    if error["type"] != "builtins.ValueError" or match is None:
        return None
    calls = [
        (call.function, call.args)
        for call in read(golden.payload).calls
        if isinstance(call.function, Global)
        and call.function.qualname.rpartition(".")[2] == match[1]
    ]
    if not calls:
        return None
    enum, args = calls[0]
    name = f"{enum.module}.{enum.qualname}"
    about = answer.get("today", {}).get("classes", {}).get(name, {})
    members = about.get("members", [])
    then = re.search(rf'"{re.escape(name)}\.(\w+)"', json.dumps(golden.record))
    is_there = then is not None and then[1] in members
    what = "has another value today" if is_there else "is gone"
    member = then[1] if then is not None else "the member"
    why = (
        f"{error_text(error)}: {member} {what}\n"
        "keep the old one, which alone loses nothing, or say what stands for it"
    )
    value = args[0] if isinstance(args, tuple) and len(args) == 1 else None
    stands = then[1] if is_there and then is not None else next(iter(members), "")
    code = (
        "@classmethod\n"
        "def _missing_(cls, value):\n"
        f"    if value == {value!r}:  # what release {golden.release} sent as {member}\n"
        f"        return cls.{stands}{'' if is_there else '  # which one stands for it today?'}\n"
        "    return super()._missing_(value)"
    )
    fix = method_fix(
        trials,
        enum.module,
        enum.qualname,
        "_missing_",
        code,
        title=f"say which member of {enum.qualname} stands for it: add _missing_",
    )
    return Diagnosis(
        cause=ENUM_MEMBER_GONE,
        why=why,
        evidence=(name, *members),
        fixes=()
        if fix is None or not stands.isidentifier() or not isinstance(value, (str, int))
        else (fix,),
    )


def init_changed(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """loads calls a class as the earlier release was called, and today's takes other arguments.

    The arguments, and what is raised, are those of ``causes.diagnose``; None if it is not so.
    """
    error = answer["error"]
    text = error["message"].get("text", "")
    if error["type"] != "builtins.TypeError" or "__init__()" not in text:
        return None
    called = next(
        (
            (call, f"{call.function.module}.{call.function.qualname}")
            for call in read(golden.payload).calls
            if isinstance(call.function, Global)
            and call.by == "reduce"
            and _is_named(call.function, text)
        ),
        None,
    )
    if called is None:
        return None
    call, name = called
    function = call.function
    assert isinstance(function, Global)
    about = answer.get("today", {}).get("classes", {}).get(name, About())
    takes = about.get("parameters", "")
    why = (
        f"release {golden.release} pickled it as a call of {short_name(name)} with "
        f"{_count(call)}, and today's __init__ takes {takes or 'others'}: {text}"
    )
    given = len(call.args) if isinstance(call.args, tuple) else 0
    required = about.get("required", [])
    positional = [name for name, is_keyword in required if not is_keyword]
    keywords = [name for name, is_keyword in required if is_keyword]
    names = [*positional[given:], *keywords] if _MISSING_ARGUMENTS.search(text) else []
    fixes: tuple[Fix, ...] = ()
    if names:
        trip = trials.trip({"defaults": [[function.module, function.qualname, names]]})
        if trip is not None:
            listed = " and ".join(names)
            fixes = (
                Fix(
                    title=f"give {listed} a default in __init__ of {function.qualname}",
                    code=_with_defaults(takes, names, golden.release),
                    arrives_whole=not trip.losses,
                    still_lost=tuple(loss.path for loss in trip.losses),
                    receiver=trip.receiver,
                    owner=f"{function.module}:{function.qualname}",
                    method="__init__",
                    recipe="Defaults",
                ),
            )
    return Diagnosis(cause=INIT_CHANGED, why=why, evidence=(name, takes), fixes=fixes)


def _is_named(function: Global, text: str) -> bool:
    """Whether the text of a TypeError begins with the class's name (since Python 3.10)."""
    return text.startswith((f"{function.qualname}.__init__()", "__init__()"))


def _count(call: Call) -> str:
    count = len(call.args) if isinstance(call.args, tuple) else 0
    return f"{count} argument{'' if count == 1 else 's'}"


def _with_defaults(parameters: str, names: list[str], release: str) -> str:
    """The first line of an ``__init__`` whose parameters have defaults."""
    text = parameters or f"(self, {', '.join(names)})"
    for name in names:
        # An annotation may hold commas, within brackets.
        pattern = rf"(?<=[(, *])({name})(: (?:[^,()\[\]=]|\[[^=]*?\])+)?(?=[,)])"
        found = re.search(pattern, text)
        if found is not None:
            default = " = None" if found[2] else "=None"
            text = text[: found.end()] + default + text[found.end() :]
    return f"def __init__{text}:  # payloads of release {release} have no {', '.join(names)}"
