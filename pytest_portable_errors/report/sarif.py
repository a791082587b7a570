"""The SARIF report, which code scanning shows beside the lines of a change.

SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What GitHub reads of
it: https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning, section
"SARIF support for code scanning".
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pytest_portable_errors.diagnosis.cause_names import CAUSE_NAMES
from pytest_portable_errors.diagnosis.explain import explanation, first_sentence
from pytest_portable_errors.diagnosis.findings import tried
from pytest_portable_errors.diagnosis.printable import plain
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.decision_lines import decision_text
from pytest_portable_errors.report.document import Document, Part
from pytest_portable_errors.report.fixes import fixes_of
from pytest_portable_errors.report.rows import Verdict, is_own_item

_DISTRIBUTION = "pytest-portable-errors"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_UNEXPLAINED = "The exception does not arrive as it was sent, and no rule explains why."
# A link to somewhere, which a foreign exception's text is not to make: [text](target).
_LINK = re.compile(r"\[(?=[^\]]*\]\()")


def sarif(document: Document) -> dict[str, Any]:
    """The SARIF log of a document: a rule for each cause, a result for each defect.

    Args:
        document: What ``document()`` gave, or a JSON report that was read from a file.

    Returns:
        Plain data with one run. No path of the machine is in it: files are relative to the root.
    """
    causes = sorted({row["cause"] for row in document["defects"]})
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {**_tool(), "rules": [_rule(cause) for cause in causes]}},
                "invocations": [_invocation(document)],
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The folder that pytest calls rootdir."}}
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(row, document, rule=causes.index(row["cause"]))
                    for row in document["defects"]
                ],
            }
        ],
    }
    cleaned: dict[str, Any] = plain(log)
    return cleaned


def _tool() -> dict[str, str]:
    metadata = importlib.metadata.metadata(_DISTRIBUTION)
    urls = [url.partition(",")[2].strip() for url in metadata.get_all("Project-URL") or ()]
    homepage = metadata.get_all("Home-page") or urls
    return {
        "name": _DISTRIBUTION,
        "version": metadata["Version"],
        **({"informationUri": homepage[0]} if homepage else {}),
    }


def _rule(cause: str) -> dict[str, object]:
    """A cause as a rule. Other causes than ``CAUSE_NAMES``: none, or one of a later version."""
    is_explained = cause in CAUSE_NAMES
    text = explanation(cause) if is_explained else _UNEXPLAINED
    return {
        "id": cause,
        "shortDescription": {"text": first_sentence(cause) if is_explained else _UNEXPLAINED},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["pickle", "exceptions"], "precision": "very-high"},
    }


def _invocation(document: Document) -> dict[str, object]:
    """What the run says beside its defects: open decisions, and why nothing could be sent."""
    troubles = list(dict.fromkeys(_troubles(document)))
    level = "error" if document["fails"] else "warning"
    decisions = [
        decision_text(Verdict(value), classes)
        for value, classes in document["open_decisions"].items()
        if classes and not document["run"]["updates_baseline"]
    ]
    return {
        "executionSuccessful": not troubles,
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": _without_links(trouble)}} for trouble in troubles
        ],
        "toolConfigurationNotifications": [
            {"level": level, "message": {"text": decision}} for decision in decisions
        ],
    }


def _troubles(document: Document) -> Iterator[str]:
    for phases in document["tests"].values():
        for entries in phases.values():
            yield from entries["troubles"]


def _result(row: Part, document: Document, *, rule: int) -> dict[str, object]:
    run = document["run"]
    is_lenient = run["mode"] == "warn" or run["updates_baseline"]
    result: dict[str, object] = {
        "ruleId": row["cause"],
        "ruleIndex": rule,
        "level": "note" if row["is_known"] else "warning" if is_lenient else "error",
        "message": {"text": _message(row)},
        "locations": [_location(row, run)],
        "partialFingerprints": _fingerprints(row),
        "properties": {
            "scope": row["scope"],
            "serializers": row["serializers"],
            "receivers": row["receivers"],
        },
    }
    if run["baseline_name"] is not None:
        result["baselineState"] = "unchanged" if row["is_known"] else "new"
    if row["is_known"]:
        justification = f"known: {run['baseline_name']}"
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": justification}
        ]
    return result


def _message(row: Part) -> str:
    detail = row["detail"]
    if detail is None:
        return f"{short_name(row['cls'])} loses {', '.join(row['kinds'])}"
    asked = detail["trip"]["receiver"]
    fixes = [f"fix: {fix.title} ({tried(fix, asked)})" for fix in fixes_of(detail)[:1]]
    parts = [detail["headline"], detail["why"], *fixes]
    return _without_links("\n".join(filter(None, parts)))


def _without_links(text: str) -> str:
    """A text in which nothing is an embedded link (section 3.11.6)."""
    return _LINK.sub(r"\\[", text)


def _location(row: Part, run: Part) -> dict[str, object]:
    """The class's place; of a class outside of the root the test that met it.

    GitHub refuses a file with a result that has no place. Where no test met the class, it is the
    project's settings that have it checked.
    """
    detail = row["detail"]
    tests = [node for node in row["tests"] if not is_own_item(node)]
    if detail is not None and detail["file"]:
        file, line = detail["file"], max(detail["line"], 1)
    else:
        file, line = tests[0].partition("::")[0] if tests else run["toml_name"], 1
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file or "pyproject.toml"), "uriBaseId": _ROOT},
            "region": {"startLine": line},
        },
        "logicalLocations": [{"fullyQualifiedName": row["cls"], "kind": "type"}],
    }


def _fingerprints(row: Part) -> dict[str, str]:
    """What makes it the same defect in a later run, wherever its class has moved.

    GitHub reads only the one named ``primaryLocationLineHash``, and makes it from the text around
    the line where a file has none.
    """
    identity = f"{row['cls']}\n{row['cause']}".encode("utf-8", "backslashreplace")
    digest = hashlib.sha256(identity).hexdigest()
    return {"primaryLocationLineHash": f"{digest[:16]}:1", "classAndCause/v1": digest}
