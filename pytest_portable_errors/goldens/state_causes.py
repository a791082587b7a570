"""What today's code misses in what an earlier release has pickled, though it arrives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pytest_portable_errors.diagnosis.cause_names import (
    ATTRIBUTE_ADDED,
    ATTRIBUTE_RENAMED,
    BASE_CHANGED,
    FIELD_ADDED,
)
from pytest_portable_errors.diagnosis.findings import Diagnosis, Fix
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.method_fix import method_fix
from pytest_portable_errors.goldens.reader import renamed_attribute
from pytest_portable_errors.goldens.trials import Trials
from pytest_portable_errors.receiver.described import About, Answer, subject_of
from pytest_portable_errors.sender.trip import RoundTrip


def attribute_was_renamed(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """An attribute arrived under its old name, and today's constructor has put None at the new.

    The arguments, and what is raised, are those of ``causes.diagnose``; None if it is not so.
    """
    found = renamed_attribute(golden, answer["today"], answer["record"])
    if found is None:
        return None
    module, _, qualname = subject_of(golden.record)["type"].rpartition(".")
    about = About(setstate=answer["today"]["setstate"])
    return _renamed(golden, trials, module, qualname, *found, about)


def attributes_expected(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """Today's constructors set attributes of the exception that the golden does not have.

    The arguments, and what is raised, are those of ``causes.diagnose``; None if it is not so.
    """
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
        method_fix(
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
    fix = method_fix(
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


def fields_expected(golden: Golden, answer: Answer, trials: Trials) -> Diagnosis | None:
    """A value in the golden lacks an attribute that the constructors of its class set today.

    The arguments, and what is raised, are those of ``causes.diagnose``; None if it is not so.
    """
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
    fix = method_fix(
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


def base_changed(golden: Golden, trip: RoundTrip, answer: Answer) -> Diagnosis | None:
    """The reason where a base that the class had then is gone; None if all are there."""
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
