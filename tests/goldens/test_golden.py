"""A golden's file holds all of it, and says what is wrong with it."""

from __future__ import annotations

import json

import pytest
from earlier_release import golden
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_portable_errors.goldens.golden import BrokenGolden, parse
from pytest_portable_errors.receiver.record import describe

NAMES = st.text("abc.é\u2028'\" _<>/", min_size=1, max_size=200)


@given(name=NAMES, payload=st.binary(max_size=500), lacks=st.lists(NAMES, max_size=3))
def test_what_is_written_is_read(name: str, payload: bytes, lacks: list[str]) -> None:
    one = golden(name=name, payload=payload, lacks=tuple(lacks))
    assert parse(one.text(), origin="x") == one
    assert parse(one.text().replace("\n", "\r\n"), origin="x") == one, "as git writes on Windows"


@given(name=NAMES)
def test_its_file_has_a_name_on_every_system(name: str) -> None:
    file = golden(name=name).file_name
    assert len(file) < 160
    assert not set(file) & set('<>:"/\\|?* \u2028')
    assert file.endswith(".json")


def test_the_id_says_what_it_is_of() -> None:
    assert golden().id == "shop.errors.PaymentError[pickle 1.4.0]"
    assert golden(way="built").id == "shop.errors.PaymentError[pickle 1.4.0 built]"


def test_it_has_no_time_path_or_address_in_it() -> None:
    assert sorted(json.loads(golden().text())) == [
        *("bases", "digest", "format", "lacks", "libraries", "name", "payload", "project"),
        *("python", "record", "release", "serializer", "sets", "way"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (golden().text()[:-40], "cut off, or no JSON"),
        ("", "cut off, or no JSON"),
        ("[]", "it has no format"),
        ('{"format": "1"}', "it has no format"),
        ('{"format": 2}', "format 2, and this version reads format 1"),
        ('{"format": 1}', "was changed by hand"),
        (golden().text().replace("1.4.0", "1.5.0"), "was changed by hand: its digest"),
        (golden().text().replace('"way"', '"wey"'), "was changed by hand: its digest"),
        ("<<<<<<< ours\n" + golden().text(), "a merge conflict"),
        ("[" * 100_000, "cut off, or no JSON"),
    ],
)
def test_what_is_broken_is_told_with_what_to_do(text: str, why: str) -> None:
    with pytest.raises(BrokenGolden) as caught:
        parse(text, origin="1.4.0/x.json")
    assert str(caught.value).startswith("1.4.0/x.json: ")
    assert why in str(caught.value)
    assert any(word in str(caught.value) for word in ("delete", "install", "move", "take"))


WRONG: list[object] = [None, 3, [], {}, {"exceptions": []}, [1]]


@given(
    changed=st.sampled_from(["name", "payload", "record", "release", "bases", "sets"]),
    to=st.sampled_from(WRONG),
)
def test_a_digest_is_right_and_the_content_is_not(changed: str, to: object) -> None:
    """Whoever writes a digest as well gets the same words, and no traceback."""
    from pytest_portable_errors.goldens import golden as module

    assume(not (changed in ("bases", "sets") and to == []))  # there may be none of these
    content = json.loads(golden().text())
    del content["digest"]
    content[changed] = to
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    content["digest"] = module._digest(text)
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    with pytest.raises(BrokenGolden, match="was changed by hand"):
        parse(text, origin="x")


def test_a_formatter_changes_nothing_of_it() -> None:
    content = json.loads(golden().text())
    assert parse(json.dumps(content, indent=4), origin="x") == golden()
    assert parse(json.dumps(content, separators=(",", ":")), origin="x") == golden()


def test_two_of_one_shape_differ_in_values_alone() -> None:
    other = golden(record=describe(ValueError("expired", 8)))
    assert golden().shape == other.shape
    assert golden().shape != golden(record=describe(ValueError("expired"))).shape
    assert golden().shape != golden(record=describe(KeyError("declined", 7))).shape
