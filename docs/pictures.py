"""Make the README's pictures anew, from what is really printed: ``pip install '.[test]' rich &&
python docs/pictures.py``.

Needs a Chromium for the second one: ``apt-get install chromium-headless-shell``, or ``playwright
install chromium``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
ROOT = HERE.parent
CHROMIUM = ("chromium-headless-shell", "chromium", "google-chrome")
COLUMNS = 122


def run(folder: Path, *args: str) -> str:
    """What pytest prints there, in colour."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--color=yes",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        "-p",
        "no:randomly",
        *args,
    ]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")
    }
    environment["COLUMNS"] = str(COLUMNS)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    ).stdout


def failing_run(folder: Path) -> None:
    """The README's own example, as an SVG that holds text."""
    for language, text in re.findall(
        r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    ):
        name = re.match(r"# (shop/errors|test_shop)\.py\n", text)
        if language == "python" and name is not None:
            path = folder / f"{name[1]}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.partition("\n")[2])
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    printed = run(folder, "test_shop.py")
    shown = printed[printed.index("FAILURES") :].partition("\n")[2]
    nowhere = open(os.devnull, "w")  # noqa: SIM115  # ends with the script
    console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
    console.print(Text("$ pytest test_shop.py"))
    console.print(Text.from_ansi(shown.strip()))
    drawn = console.export_svg(title="pytest-portable-errors", unique_id="failing-run")
    # fonts from the network; there is a monospaced one everywhere
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    (HERE / "failing_run.svg").write_text(drawn)


def page(folder: Path) -> None:
    """The HTML report of the sample repository, its first defect opened."""
    repo = Path(
        shutil.copytree(
            ROOT / "tests" / "sample_repo",
            folder / "repo",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    )
    # with the decisions taken, so that the picture begins with a defect
    checks = "portable_errors_checks=type message args attributes notes members"
    taken = ("--portable-errors-receiver=with-project", "-o", checks)
    run(repo, "--portable-errors", *taken, "--portable-errors-report=page.html")
    browser_path = next(found for name in CHROMIUM if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1_200, "height": 760})
        opened.goto((repo / "page.html").as_uri())
        opened.locator("article[data-state] details").first.evaluate(
            "element => element.open = true"
        )
        opened.screenshot(path=HERE / "page.png")
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        for number, make in enumerate((failing_run, page)):
            folder = Path(temporary, str(number))
            folder.mkdir()
            make(folder)
