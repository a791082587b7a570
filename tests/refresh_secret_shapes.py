"""Makes ``diagnosis/gitleaks/shapes.json`` of the rules of gitleaks, which are kept in the open.

``nox -s secret_shapes`` fetches the newest rules and runs this; the change is then to be read, and
the tests of credentials to be run.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomllib

PLACE = Path(__file__).parents[1] / "pytest_portable_errors/diagnosis/gitleaks/shapes.json"
# Rules that find a secret by what stands around it; secret_texts.py knows names of its own.
_BY_NAME = "(?:=|>|:{1,3}="
_LEFT_OUT = {
    "curl-auth-header": "what stands around it",
    "curl-auth-user": "what stands around it",
    "facebook-access-token": "numbers joined by a bar are many things",
    "freemius-secret-key": "what stands around it",
    "jwt": "secret_patterns.py has it, cut ones too",
    "kubernetes-secret-yaml": "what stands around it",
    "nuget-config-password": "what stands around it",
    "private-key": "secret_patterns.py has it, cut ones too",
    "sourcegraph-access-token": "any commit has 40 hexadecimal digits",
}
# A match ends where the token ends; what follows it has no part in whether it is one.
_AFTER = (
    r"""(?:[\x60'"\s;]|\\[nr]|$)""",
    r"""(?:[\x60'"\s;]|\\[nr]|$|\b)""",
    r"(?:[^\w-]|\z)",
)
_ENOUGH = 16  # characters of a run that a token has at least; the rules ask for the exact number


def shapes(rules: list[dict[str, Any]]) -> Iterator[dict[str, object]]:
    """Kind, keywords and pattern of each rule that is used, in the order of the rules."""
    for rule in rules:
        if _BY_NAME in rule.get("regex", _BY_NAME) or rule["id"] in _LEFT_OUT:
            continue
        yield {
            "kind": rule["id"].replace("-", " "),
            "keywords": sorted(rule["keywords"]),
            "pattern": pattern_of(rule["regex"]),
        }


def pattern_of(regex: str) -> str:
    """A regular expression of Go as one of Python, less strict about the length of runs.

    So one finds tokens whose service has made them longer since, or that were cut.
    """
    for after in _AFTER:
        regex = regex.removesuffix(after)
    regex = regex.replace(r"|s\.(?i:[a-z0-9]{24})", "")  # of Vault: "s." ends any sentence
    regex = regex.replace("[[:alnum:]]", "[A-Za-z0-9]").replace(r"\z", r"\Z")
    regex = _with_scoped_flags(regex)
    pattern = re.sub(r"\{(\d+)(?:,\d*)?\}", _at_least_enough, regex)
    re.compile(pattern)
    return pattern


def _at_least_enough(match: re.Match[str]) -> str:
    return f"{{{_ENOUGH},}}" if int(match[1]) >= _ENOUGH else match[0]


def _with_scoped_flags(regex: str) -> str:
    """Write ``a(?i)b`` as ``a(?i:b)``: in Python a flag holds for the whole, or for its group."""
    start = regex.find("(?i)")
    if start < 0:
        return regex
    depth, end = 0, len(regex)
    for match in re.finditer(r"\\.|\[\^?\]?[^\]]*\]|[()]", regex[start + 4 :]):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth < 0:
            end = start + 4 + match.start()
            break
    inner = regex[start + 4 : end].replace("(?i)", "")
    return f"{regex[:start]}(?i:{inner}){regex[end:]}"


def main(file: str, commit: str) -> None:
    """Write the shapes of a file of rules, ``config/gitleaks.toml`` at a commit."""
    rules = tomllib.loads(Path(file).read_text(encoding="utf-8"))["rules"]
    data = {
        "source": "https://github.com/gitleaks/gitleaks, config/gitleaks.toml",
        "commit": commit,
        "licence": "MIT, Copyright (c) 2019 Zachary Rice: see LICENSE beside this file",
        "shapes": list(shapes(rules)),
    }
    PLACE.write_text(json.dumps(data, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
    print(f"{PLACE.name}: {len(data['shapes'])} shapes")


if __name__ == "__main__":
    main(*sys.argv[1:])
