"""Why today's code does not read what an earlier release has written, and tried fixes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pytest_portable_errors.diagnosis.cause_names import (
    ATTRIBUTE_ADDED,
    ATTRIBUTE_RENAMED,
    BASE_CHANGED,
    CLASS_GONE,
    CLASS_MOVED,
    ENUM_MEMBER_GONE,
    FIELD_ADDED,
    INIT_CHANGED,
)
from pytest_portable_errors.diagnosis.findings import Diagnosis, Fix
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.shown import error_text, short_name
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.reader import renamed_attribute
from pytest_portable_errors.goldens.trials import Trials
from pytest_portable_errors.receiver.described import About, Answer, Stage, subject_of
from pytest_portable_errors.sender.trip import RoundTrip

_MISSING_ARGUMENTS = re.compile(r"missing \d+ required (?:positional|keyword-only) argument")
_NO_MEMBER = re.compile(r"is not a valid (\w+)$")


def diagnose(golden: Golden, answer: Answer, trip: RoundTrip, trials: Trials) -> Diagnosis | None:
    """Say why a golden was not read as it was then, and try what would repair that.

    Args:
        golden: The golden.
        answer: What the receiver told.
        trip: What was lost; something was.
        trials: Tries repairs on the golden.

    Returns:
        None if no rule explains it.

    Raises:
        PortableErrorsError: A receiver cannot start.
    """
    if Stage(answer["stage"]) is Stage.LOADS:
        return (
            _class_elsewhere(golden, answer, trials)
            or _enum_member_gone(golden, answer, trials)
            or _init_changed(golden, answer, trials)
        )
    if Stage(answer["stage"]) is Stage.ARRIVED:
        return (
            _attribute_renamed(golden, answer, trials)
            or _attributes_expected(golden, answer, trials)
            or _fields_expected(golden, answer, trials)
            or _base_changed(golden, trip, answer)
        )
    return None


def _class_elsewhere(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """The class, or one that the payload names, is gone under that name."""
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
        title=f"keep the old name at the end of {module}",
        code=code,
        arrives_whole=not trip.losses,
        still_lost=tuple(loss.path for loss in trip.losses),
        receiver=trip.receiver,
        owner=f"{new_module}:{new_name}",
        recipe="Alias",
    )


def _enum_member_gone(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """An enum of today has no member of a value that was sent."""
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
    fix = _method_fix(
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


def _init_changed(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """loads calls a class as the earlier release was called, and today's takes other arguments."""
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


def _attribute_renamed(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """An attribute arrived under its old name, and today's constructor has put None at the new."""
    found = renamed_attribute(golden, answer["today"], answer["record"])
    if found is None:
        return None
    module, _, qualname = subject_of(golden.record)["type"].rpartition(".")
    about = About(setstate=answer["today"]["setstate"])
    return _renamed(golden, trials, module, qualname, *found, about)


def _attributes_expected(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """Today's constructors set attributes of the exception that the golden does not have."""
    new = [
        (ValuePath.of(path).attribute, owner)
        for path, owner in _lacking(golden, answer)
        if re.fullmatch(r"exc\.\w+", path)
    ]
    if not new:
        return None
    owner = new[0][1]
    names = [attribute for attribute, _ in new if attribute is not None]
    about = answer["today"]["classes"][owner]
    stored = subject_of(golden.record).get("attributes", {})
    # What today's constructors do not set, and the earlier release had.
    old = [
        attribute
        for attribute in stored
        if attribute not in about.get("sets", ())
        and attribute not in subject_of(golden.record).get("base_fields", ())
        and attribute.isidentifier()  # it goes into code that is run
    ]
    module, _, qualname = owner.rpartition(".")
    if len(names) == 1 and len(old) == 1:
        return _renamed(golden, trials, module, qualname, old[0], names[0], about)
    listed = ", ".join(names)
    why = (
        f"today's __init__ sets {listed}, and loads does not call it: what release "
        f"{golden.release} pickled has no {listed}, and code that reads it fails"
    )
    values = {attribute: about.get("defaults", {}).get(attribute, "None") for attribute in names}
    defaults = ", ".join(f'"{attribute}": {value}' for attribute, value in values.items())
    code = (
        "def __setstate__(self, state):\n"
        f"    # payloads of release {golden.release} have no {listed}\n"
        f"    super().__setstate__({{{defaults}, **(state or {{}})}})"
    )
    fixes = [
        _method_fix(
            trials,
            module,
            qualname,
            "__setstate__",
            code,
            title=f"give {listed} a default in __setstate__ of {qualname}",
            about=about,
        ),
        _class_attribute_fix(trials, module, qualname, values, golden.release),
    ]
    return Diagnosis(
        cause=ATTRIBUTE_ADDED,
        why=why,
        evidence=(owner, *names),
        fixes=tuple(fix for fix in fixes if fix is not None and fix.arrives_whole),
    )


def _renamed(
    golden: Golden,
    trials: Trials,
    module: str,
    qualname: str,
    old: str,
    new: str,
    about: About,
) -> Diagnosis:
    code = (
        "def __setstate__(self, state):\n"
        f"    state = dict(state or {{}})\n"
        f'    if "{old}" in state:  # its name in release {golden.release}\n'
        f'        state["{new}"] = state["{old}"]\n'
        "    super().__setstate__(state)"
    )
    fix = _method_fix(
        trials,
        module,
        qualname,
        "__setstate__",
        code,
        title=f"rename {old} to {new} in __setstate__ of {qualname}",
        about=about,
    )
    return Diagnosis(
        cause=ATTRIBUTE_RENAMED,
        why=(
            f"what release {golden.release} pickled has {old} and no {new}; today's __init__ sets "
            f"{new}, and no {old} (likely renamed)"
        ),
        evidence=(f"{module}.{qualname}", old, new),
        fixes=() if fix is None or not fix.arrives_whole else (fix,),
    )


def _fields_expected(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """A value in the golden lacks an attribute that the constructors of its class set today."""
    new = list(_lacking(golden, answer))
    if not new:
        return None
    path, owner = new[0]
    attribute = path.rpartition(".")[2]
    about = answer["today"]["classes"][owner]
    module, _, qualname = owner.rpartition(".")
    default = about.get("defaults", {}).get(attribute, "None")
    old = _old_names(golden, path, about)
    is_renamed = len(old) == 1 and len(new) == 1
    stored = 'state["__dict__"]' if about.get("setstate", "").startswith("pydantic.") else "state"
    value = f'{stored}["{old[0]}"]' if is_renamed else default
    restores = "super().__setstate__(state)" if stored != "state" else "vars(self).update(state)"
    code = (
        "def __setstate__(self, state):\n"
        f"    # payloads of release {golden.release} have no {attribute}\n"
        f'    {stored}.setdefault("{attribute}", {value})\n'
        f"    {restores}"
    )
    fix = _method_fix(
        trials,
        module,
        qualname,
        "__setstate__",
        code,
        title=(
            f"rename {old[0]} to {attribute} in __setstate__ of {qualname}"
            if is_renamed
            else f"give {attribute} a default in __setstate__ of {qualname}"
        ),
        about=about,
    )
    return Diagnosis(
        cause=ATTRIBUTE_RENAMED if is_renamed else FIELD_ADDED,
        why=(
            f"{short_name(owner)} has a field {attribute} today; the one at {path} was pickled by "
            f"release {golden.release} without it, and loads does not call its constructor"
            + (f" (likely renamed from {old[0]})" if is_renamed else "")
        ),
        evidence=(owner, attribute),
        # The exception's own text may show the value's, with the new name in it.
        fixes=() if fix is None or not {"message"}.issuperset(fix.still_lost) else (fix,),
    )


def _old_names(golden: Golden, path: str, about: About) -> list[str]:
    """What a value has of which today's constructors of its class know nothing."""
    place: Any = subject_of(golden.record)
    place = {**place, **place.get("value", {})}
    for attribute, number in re.findall(r"\.(\w+)|\[(\d+)\]", path.rpartition(".")[0]):
        if attribute == "args" and "args" in place:
            place = place["args"]
        elif attribute:
            place = place.get("attributes", {}).get(attribute, {})
        else:
            items = place.get("items", [])
            place = items[int(number)] if int(number) < len(items) else {}
    return [
        name
        for name in place.get("attributes", {})
        if name not in about.get("sets", ()) and name.isidentifier()  # it goes into code
    ]


def _base_changed(golden: Golden, trip: RoundTrip, answer: Answer) -> Diagnosis | None:
    if not any(loss.path.endswith(".__class__") for loss in trip.losses):
        return None
    gone = [base for base in golden.bases if base not in answer["today"].get("bases", ())]
    listed = ", ".join(map(short_name, gone))
    return Diagnosis(
        cause=BASE_CHANGED,
        why=(
            f"in release {golden.release} {short_name(golden.name)} inherited from {listed}; "
            f"today it does not, and who writes `except {short_name(gone[0])}` misses it"
        ),
        evidence=tuple(gone),
    )


def _lacking(golden: Golden, answer: Answer) -> Iterator[tuple[str, str]]:
    """Paths of what is lacking today and was not then, each with the class that sets it."""
    today = answer.get("today", {})
    for path, owner in zip(today.get("lacks", ()), today.get("owners", ()), strict=False):
        if path not in golden.lacks:
            yield path, owner


def _method_fix(
    trials: Trials,
    module: str,
    qualname: str,
    method: str,
    code: str,
    *,
    title: str,
    about: About | None = None,
) -> Fix | None:
    """Try a method in its class; None if the class has one of its own, or nothing arrives."""
    own = "" if about is None else about.get("setstate", "")
    if own and not own.startswith(("builtins.", "pydantic.")):
        return None
    trip = trials.trip({"methods": [[module, qualname, method, code]]})
    if trip is None:
        return None
    lost = tuple(loss.path for loss in trip.losses)
    return Fix(
        title=title,
        code=code,
        arrives_whole=not lost,
        still_lost=lost,
        receiver=trip.receiver,
        owner=f"{module}:{qualname}",
        method=method,
        recipe="Method",
    )


def _class_attribute_fix(
    trials: Trials, module: str, qualname: str, values: dict[str, str], release: str
) -> Fix | None:
    """Try defaults in the class's body; none that can be changed, because all would share it."""
    if any(value[:1] in "[{" for value in values.values()):
        return None
    trip = trials.trip({"attributes": [[module, qualname, values]]})
    if trip is None:
        return None
    return Fix(
        title=f"give {', '.join(values)} a default in the body of {qualname}",
        code="\n".join(
            f"{name} = {value}  # payloads of release {release} have none"
            for name, value in values.items()
        ),
        arrives_whole=not trip.losses,
        still_lost=tuple(loss.path for loss in trip.losses),
        receiver=trip.receiver,
        owner=f"{module}:{qualname}",
        recipe="ClassAttribute",
    )
