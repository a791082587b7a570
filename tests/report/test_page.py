"""The HTML report says all that was found, to those who run no script too, and treats every text as
text."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import itertools
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError
from reported import detail, entries, finding, found, row

from pytest_portable_errors.report.baseline import Baseline, Entry
from pytest_portable_errors.report.document import Document
from pytest_portable_errors.report.page import page
from pytest_portable_errors.report.rows import Verdict

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7 * 7 }}{% "
    "raise %}]]>--><!--\x00\x1b[31m\u202e\ud800"
)
SHOWN = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7 * 7 }}{% "
    "raise %}]]>--><!--\\x00\\x1b[31m\\u202e\\ud800"
)
NOT_SENT = "\u2013not sent"


class Reader(html.parser.HTMLParser):
    """What a browser without JavaScript has: the text of elements, and which elements there are."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._in_code = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_code = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._in_code = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._in_code else data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]


def cells(source: str, cls: str) -> list[str]:
    """Of the table's row of this class, the texts."""
    for line in re.findall(r"<tr data-state.*?</tr>", source, re.DOTALL):
        texts = [Reader(part).text.strip() for part in re.split(r"</t[hd]>", line)]
        if texts[0] == cls:
            return texts[1:-1]
    raise AssertionError(f"no row of {cls}")


EVERYTHING = found(
    {
        "test_a.py::test_new": entries(
            row("shop.New", finding(), finding("whole", serializer="dill"), count=1_234),
            details=[detail("shop.New")],
            not_checked=[["shop.Odd", "could not be built: TypeError"]],
        ),
        "portable-errors::shop.New": entries(row("shop.New", finding(), how="by keyword")),
        "test_a.py::test_known": entries(
            row("shop.Known", finding(known=True)), details=[detail("shop.Known")]
        ),
        "test_a.py::test_untold": entries(
            row("shop.Untold", finding(cause="unexplained", scope="chain", kinds=["chain"]))
        ),
        "test_a.py::test_open": entries(
            row(
                "shop.Open",
                finding("receiver", scope="without-project", cause="class-not-importable"),
            ),
            row(
                "shop.Linked",
                finding("chain", scope="chain", kinds=["chain"], receiver="with-project"),
                finding("whole"),
            ),
            row("shop.Fine", finding("whole"), credentials=[["exc.api_key", "an API key"]]),
        ),
    },
    baseline=Baseline(
        entries=frozenset(
            {Entry("shop.Fine", "init-does-not-fit-args", "arrival", "pickle", "without-project")}
        )
    ),
    crashed=("test_a.py::test_dies",),
)


def test_all_that_was_found_is_in_the_page_before_any_script_runs() -> None:
    text = Reader(page(EVERYTHING)).text
    for one in EVERYTHING["defects"]:
        assert one["cls"] in text
        assert one["cause"] in text
        assert f"pytest --portable-errors {one['select']}" in text
        for node in one["tests"]:
            assert node in text or node.startswith("portable-errors::")
        if one["detail"] is not None:
            assert f"{one['cls']} does not arrive: loads raised TypeError" in text
            assert one["detail"]["why"] in text
            assert one["detail"]["fixes"][0]["code"] in text
    for told in (
        "1,235",
        "built: by keyword",
        "shop/errors.py:12",
        "tried: arrives whole",
        "carries no chain",
        "could not be built: TypeError",
        "test_a.py::test_dies",
        "exc.api_key (an API key)",
        "shop.Fine init-does-not-fit-args arrival pickle without-project",
        "Who reads your errors?",
        "portable_errors_receiver = with-project",
        "Do they need causes?",
        "This fails the run.",
    ):
        assert told in text


def test_a_choice_is_shown_as_it_is_written_where_the_settings_are_toml() -> None:
    text = Reader(page(EVERYTHING)).text
    assert "portable_errors_receiver = with-project" in text
    text = Reader(
        page({**EVERYTHING, "run": {**EVERYTHING["run"], "toml_name": "pyproject.toml"}})
    ).text
    assert 'portable_errors_receiver = ["with-project"]' in text


def test_what_needs_a_script_is_hidden_without_it() -> None:
    assert [form.get("hidden", "shown") for form in Reader(page(EVERYTHING)).named("form")] == [
        None
    ]


def test_the_table_has_a_column_for_each_receiver_and_serializer() -> None:
    source = page(EVERYTHING)
    heads = [
        Reader(head).text
        for head in re.findall(r"<th\b.*?(?=</th>)", source.partition("</thead>")[0], re.DOTALL)
    ]
    assert heads == [
        "Class",
        "Exceptions",
        "without-project",
        "with-project",
        "pickle",
        "dill",
        "pickle",
    ]
    assert cells(source, "shop.New") == ["1,235", "lossyarrival", "whole", NOT_SENT]
    assert cells(source, "shop.Open") == ["1", "undecidedproject is missing", NOT_SENT, NOT_SENT]
    assert cells(source, "shop.Linked") == ["1", "whole", NOT_SENT, "undecidedchain is missing"]
    assert cells(source, "shop.Fine") == ["1", "whole", NOT_SENT, NOT_SENT]


def test_a_cell_shows_the_worst_that_became_of_a_class() -> None:
    tests = {
        "test_a.py::test_1": entries(row("shop.Mixed", finding("whole"))),
        "test_a.py::test_2": entries(
            row("shop.Mixed", finding("receiver", cause="class-not-importable"))
        ),
        "test_a.py::test_3": entries(
            row("shop.Mixed", finding(kinds=["message"]), finding(kinds=["args"]))
        ),
    }
    assert cells(page(found(tests)), "shop.Mixed") == ["3", "lossyargs, message"]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_table_has_a_word_for_each_verdict(verdict: Verdict) -> None:
    made = found({"test_a.py::test_1": entries(row("shop.A", finding(verdict.value)))})
    (_, cell) = cells(page(made), "shop.A")
    assert cell


def test_new_defects_come_before_known_ones() -> None:
    source = page(EVERYTHING)
    assert [
        one.get("data-known") for one in Reader(source).named("article") if "data-known" in one
    ] == ["new", "new", "known"]
    assert "2 defects</strong> in 2 classes" in source


def test_defects_stand_below_their_cause_and_decisions_above_all() -> None:
    source = page(EVERYTHING)
    places = [
        source.index(part)
        for part in (
            'id="decisions"',
            'id="defects"',
            '<h3 id="cause-1">init-does-not-fit-args <span class="count">1</span>',
            "called with arguments that <code>__init__</code> does not take",
            'id="defect-1"',
            '<h3 id="cause-2">unexplained',
            'id="defect-2"',
            '<h3 id="cause-3">init-does-not-fit-args <span class="count">1 known</span>',
            'id="defect-3"',
            'id="classes"',
        )
    ]
    assert places == sorted(places)


def test_the_only_defect_is_unfolded() -> None:
    def unfolded(*classes: str) -> set[bool]:
        tests = {
            "test_a.py::test": entries(
                *(row(cls, finding()) for cls in classes), details=[*map(detail, classes)]
            )
        }
        return {"open" in one for one in Reader(page(found(tests))).named("details")}

    assert unfolded("shop.A") == {True}
    assert unfolded("shop.A", "shop.B") == {False}


def test_each_fix_has_a_button_that_needs_a_script() -> None:
    buttons = [
        one for one in Reader(page(EVERYTHING)).named("button") if one.get("class") == "copy"
    ]
    assert buttons == [{"type": "button", "class": "copy", "hidden": None}] * 2


def test_project_date_and_commit_are_told_where_they_are_known() -> None:
    known = {
        "project": "shop<b>",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "date": "2026-03-01T12:34:56Z",
    }
    for origin, told in (
        (known, "shop<b>2026-03-01 12:34 UTCcommit 0123456789ab"),
        ({**known, "project": "", "date": ""}, "commit 0123456789ab"),
        (dict.fromkeys(known, ""), ""),
    ):
        source = page({**EVERYTHING, "run": {**EVERYTHING["run"], **origin}})
        (shown,) = re.findall(r'<ul class="facts origin">(.*)</ul>', source) or [""]
        assert Reader(shown).text == told
    run = {name: value for name, value in EVERYTHING["run"].items() if name not in known}
    assert 'class="facts origin"' not in page({**EVERYTHING, "run": run})  # an older report


def test_the_difference_is_marked_and_ends_before_reason_and_fix() -> None:
    shown = re.findall(r'<span class="line ?(\w*)">(.*?)</span>', page(EVERYTHING), re.DOTALL)
    assert shown[:2] == [("sent", "- exc.a   1\n"), ("received", "+ exc.a   missing\n")]
    assert len(shown) == 4  # two defects have a detail


def test_a_text_of_another_shape_is_shown_whole() -> None:
    made = detail(
        "shop.A", fixes=[], why="", text="shop.A arrives changed\n  all of it\n      indented"
    )
    text = Reader(
        page(found({"test_a.py::test": entries(row("shop.A", finding()), details=[made])}))
    ).text
    assert "all of it\n    indented\n" in text


def library(name: str, **changes: Any) -> dict[str, Any]:
    counts = {"classes": 3, "whole": 3, "lossy": 0, "credentials": 0, "not_built": 0}
    row = {"library": name, "version": "1.0", "causes": {}, "said": [], "named": []}
    return {**row, **counts, **changes}


def test_what_became_of_dependencies_is_a_table_those_with_losses_first() -> None:
    lossy = library(
        "grpcio",
        whole=1,
        lossy=2,
        causes={"dumps-failed": 2},
        named=[["grpc.RpcError", "dumps-failed", "a.py:1 except"]],
    )
    gone = library("gone", version="", classes=0, whole=0, said=["it is not installed here"])
    source = page({**EVERYTHING, "libraries": [gone, lossy]})
    table = source[source.index('id="libraries"') :]
    rows = [
        " ".join(Reader(re.sub("(<br>|</t[dh]>)", r" \1", line)).text.split())
        for line in re.findall("<tr>.*?</tr>", table, re.DOTALL)[1:]
    ]
    assert rows == [
        "grpcio 1.0 a.py:1 except: grpc.RpcError dumps-failed 3 1 2 0 2 dumps-failed",
        "gone it is not installed here 0 0 0 0",
    ]
    assert "Dependencies" not in Reader(page(EVERYTHING)).text, "the control"


def test_an_empty_run_has_a_page() -> None:
    text = Reader(page(found({}))).text
    assert "No exception was met." in text
    assert "Nothing of this fails the run." in text


def test_a_key_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="python"):
        page({key: value for key, value in EVERYTHING.items() if key != "python"})


def hostile(text: str) -> Document:
    """This text wherever one of somebody else's can stand."""
    fix = {
        "title": text,
        "code": text,
        "receiver": text,
        "arrives_whole": False,
        "gives_up": [text],
        "still_lost": [text],
        "limits": [text],
    }
    told = detail(
        text,
        headline=text,
        why=text,
        fixes=[fix],
        file=text,
        text=f"{text}\n\n{text}\n  - {text}",
        how=text,
        test=text,
    )
    told["trip"] = {"serializer": text, "receiver": text}
    tests = {
        f"test_a.py::test[{text}]": entries(
            row(
                text, finding(serializer=text, receiver=text), how=text, credentials=[[text, text]]
            ),
            row(f"open.{text}", finding("receiver", serializer=text, receiver=text)),
            details=[told],
            not_checked=[[f"odd.{text}", text]],
        ),
    }
    entry = Entry(f"gone.{text}", text, "arrival", text, text)
    made = found(tests, baseline=Baseline(entries=frozenset({entry})), crashed=(text,))
    made["run"]["baseline_name"] = made["run"]["project"] = made["run"]["commit"] = text
    made["run"]["date"] = text
    made["gone"] = [list(entry)]
    made["libraries"] = [
        library(text, version=text, said=[text], named=[[text, text, text]], causes={text: 1})
    ]
    return made


def test_hostile_texts_are_texts() -> None:
    source = page(hostile(HOSTILE))
    source.encode("utf-8")
    reader = Reader(source)
    assert len(reader.named("script")) == 1
    assert reader.named("img") == []
    assert not any(
        name.startswith("on") for _, attributes in reader.elements for name in attributes
    )
    assert reader.text.count(SHOWN) > 20
    assert "<script>alert" not in source


HARMLESS = Reader(page(hostile("x"))).elements


@example(HOSTILE)
@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_no_text_changes_what_elements_there_are(text: str) -> None:
    # names are broken at dots, and lines are lines
    text = text.replace(".", "").replace("\n", "").replace("\r", "")
    made = page(hostile("x" + text))
    made.encode("utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", made)
    assert [tag for tag, _ in Reader(made).elements] == [tag for tag, _ in HARMLESS]


def test_style_and_script_are_the_same_whatever_the_data() -> None:
    def code(source: str) -> list[str]:
        return re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", source, re.DOTALL)

    assert len(code(page(EVERYTHING))) == 2
    assert code(page(EVERYTHING)) == code(page(hostile(HOSTILE)))


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    source = page(EVERYTHING)
    policy = next(
        one["content"]
        for one in Reader(source).named("meta")
        if one.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for name in ("style", "script"):
        content = source.partition(f"<{name}>")[2].partition(f"</{name}>")[0]
        assert (
            rules[f"{name}-src"]
            == f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
        )


def test_nothing_is_loaded_from_elsewhere() -> None:
    source = page(EVERYTHING)
    assert not re.search(r"https?://|url\(|@import", source)
    links = [
        value
        for _, attributes in Reader(source).elements
        for name, value in attributes.items()
        if name in ("src", "href")
    ]
    assert all(link is not None and link.startswith(("#", "data:,")) for link in links)


def test_links_lead_to_what_is_there_and_names_are_used_once() -> None:
    elements = Reader(page(EVERYTHING)).elements
    names = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(names) == len(set(names))
    referred = {(attributes.get("href") or "")[1:] for tag, attributes in elements if tag == "a"}
    referred |= {
        attributes["aria-labelledby"] or ""
        for _, attributes in elements
        if "aria-labelledby" in attributes
    }
    assert referred <= set(names)


def test_headings_are_in_order_and_controls_have_labels() -> None:
    elements = [tag for tag, _ in Reader(page(EVERYTHING)).elements]
    levels = [int(tag[1]) for tag in elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    source = page(EVERYTHING)
    for control in re.findall(r"<(?:input|select)\b", source):
        assert source.count(control) == len(
            re.findall(rf"<label[^>]*>[^<]*(?:\s*){control}", source)
        )
