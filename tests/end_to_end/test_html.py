"""The HTML report in a real browser: Chromium, driven by Playwright."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chosen_plugins import NO_OTHERS, chosen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
TO_GET_IT = (
    "no Chromium was found: apt-get install chromium-headless-shell, or playwright install chromium"
)

SHOP = """
import threading

class PaymentError(Exception):
    def __init__(self, order_id, reason):
        super().__init__(f"order {order_id}: {reason}")
        self.order_id, self.reason = order_id, reason

class NotFound(Exception):
    def __init__(self, name):
        super().__init__(f"not found: {name}")

class Locked(Exception):
    def __init__(self, message):
        super().__init__(message)
        self.lock = threading.Lock()

class Whole(Exception):
    pass

class Unbuildable(Exception):
    def __init__(self, thing):
        raise RuntimeError("not today")
"""
TESTS = r"""
import pytest
from shop.errors import *

NASTY = "</script><script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">\x1b[31m\u202e\ud800 {{ 7 * 7 }}"

@pytest.mark.parametrize("reason", ["declined", NASTY])
def test_payment(reason):
    with pytest.raises(PaymentError): raise PaymentError(7, reason)

def test_nasty():
    with pytest.raises(NotFound): raise NotFound(NASTY)

def test_locked():
    with pytest.raises(Locked): raise Locked("x")

def test_key():
    with pytest.raises(Whole):
        error = Whole("no")
        error.api_key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD"
        raise error

def test_builtin():
    with pytest.raises(ValueError): int("seven")
"""
CONFIG = '[project]\nname = "shop"\nversion = "0"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data); };
  const luminance = (rgb) => rgb.slice(0, 3).map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => { for (let one = element; one; one = one.parentElement) {
    const color = channels(getComputedStyle(one).backgroundColor); if (color[3] === 255) return color; } return [255, 255, 255, 255]; };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const says = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
    if (!says || !element.getClientRects().length || element.matches("script, option")) continue;
    const [one, other] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
    found.push([(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), element.tagName + "." + element.className]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that a run writes."""
    pytest.importorskip("jinja2", reason="the HTML report needs Jinja2")
    root = tmp_path_factory.mktemp("project")
    (root / "shop").mkdir()
    for name, content in {
        "pyproject.toml": CONFIG,
        "shop/__init__.py": "",
        "shop/errors.py": SHOP,
        "test_shop.py": TESTS,
    }.items():
        (root / name).write_text(content)
    options = ("--portable-errors", "--portable-errors-baseline=known.txt")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        *chosen(),
        *options,
    ]
    for more in (
        ["--portable-errors-update-baseline", "-k", "Locked or locked"],
        ["--portable-errors-report=report.html"],
    ):
        subprocess.run(
            [*command, *more],
            cwd=root,
            env={**os.environ, **NO_OTHERS},
            capture_output=True,
            timeout=300,
            check=False,
        )
    return root / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine, or the one that Playwright has installed; without either, these
    tests are skipped."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no Playwright: pip install playwright"
    )
    with playwright.sync_playwright() as started:
        installed = next(filter(None, map(shutil.which, CHROMIUM)), None)
        if installed is None and not Path(started.chromium.executable_path).exists():
            pytest.skip(TO_GET_IT)
        as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        launched = started.chromium.launch(executable_path=installed, args=as_root)
        yield launched
        launched.close()


class Watched:
    """A page, and what the browser had to say of it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("request", lambda request: self.requests.append(request.url))


Open = Callable[..., Watched]


@pytest.fixture
def show(browser: Browser, report: Path) -> Iterator[Open]:
    """Opens the report, or another file, in a window of its own."""
    contexts = []

    def show(file: Path = report, **options: Any) -> Watched:
        contexts.append(browser.new_context(**options))
        watched = Watched(contexts[-1].new_page())
        watched.page.goto(file.as_uri())
        return watched

    yield show
    for context in contexts:
        context.close()


def defects(page: Page) -> list[str]:
    """Names of the defects' classes that are seen."""
    return [
        one.inner_text()
        for one in page.locator("article[data-state] h4 .name").all()
        if one.is_visible()
    ]


def classes(page: Page) -> list[str]:
    """Names of the classes in the table that are seen."""
    return [one.inner_text() for one in page.locator("tbody th").all() if one.is_visible()]


# what is known comes last
ALL_DEFECTS = ["shop.errors.NotFound", "shop.errors.PaymentError", "shop.errors.Locked"]


def test_it_loads_nothing_and_the_browser_has_nothing_to_complain_of(
    show: Open, report: Path
) -> None:
    watched = show()
    watched.page.get_by_role("button", name="Open all").click()
    watched.page.get_by_label("Search").fill("shop")
    watched.page.get_by_label("Search").press("Enter")
    assert [url for url in watched.requests if not url.startswith("data:")] == [report.as_uri()]
    assert watched.complaints == []


def test_hostile_texts_are_shown_and_do_nothing(show: Open) -> None:
    watched = show()
    assert watched.page.title() == "Portable errors: 2 defects"
    assert watched.page.locator("img").count() == 0
    text = (
        watched.page.locator(".cause article", has_text="shop.errors.NotFound").text_content() or ""
    )
    assert "not found: </script><script>document.title = 'taken'</script><img src=x" in text
    assert "\\x1b[31m\\u202e\\ud800 {{ 7 * 7 }}" in text


def test_a_script_that_got_in_all_the_same_does_not_run(
    show: Open, report: Path, tmp_path: Path
) -> None:
    tampered = tmp_path / "tampered.html"
    more = (
        '<script>document.title = "taken"</script><img src="http://127.0.0.1:9/x" '
        'onerror="document.title = \'taken\'"><p style="color: red">'
    )
    tampered.write_text(
        report.read_text(encoding="utf-8").replace("</body>", f"{more}</body>"), encoding="utf-8"
    )
    watched = show(tampered)
    assert watched.page.title() == "Portable errors: 2 defects"
    assert len([told for told in watched.complaints if "Content Security Policy" in told]) >= 3
    watched.page.get_by_label("Search").fill("nothing has this")
    assert defects(watched.page) == []  # its own script does


def test_search_finds_classes_messages_tests_and_code(show: Open) -> None:
    page = show().page
    assert defects(page) == ALL_DEFECTS
    for searched, expected in {
        "payment": ["shop.errors.PaymentError"],
        "TEST_LOCKED": ["shop.errors.Locked"],
        "not found: {{": ["shop.errors.NotFound"],
        "init-rewrites": ["shop.errors.NotFound"],
        "shop.errors 7 declined": ["shop.errors.PaymentError"],
        "no such words": [],
    }.items():
        page.get_by_label("Search").fill(searched)
        assert defects(page) == expected, searched
    assert classes(page) == []
    assert page.locator(".cause:visible").count() == 0
    assert page.get_by_text("No defect matches the filter.").is_visible()
    assert page.get_by_text("No class matches the filter.").is_visible()
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function("document.querySelector('article[data-state]').hidden === false")
    assert defects(page) == ALL_DEFECTS
    assert not page.get_by_text("No defect matches the filter.").is_visible()


def test_filters_go_by_state_scope_and_baseline(show: Open) -> None:
    page = show().page
    page.get_by_label("State").select_option("lossy")
    assert classes(page) == sorted(ALL_DEFECTS)
    page.get_by_label("State").select_option("whole")
    assert (defects(page), classes(page)) == ([], ["ValueError"])
    page.get_by_label("State").select_option("not checked")
    assert (classes(page), page.locator("li[data-state]:visible").count()) == ([], 1)
    page.get_by_label("State").select_option("any")
    page.get_by_label("Scope").select_option("arrives only where the project is installed")
    assert (defects(page), classes(page)) == ([], ["shop.errors.Whole"])
    page.get_by_label("Scope").select_option("any")
    page.get_by_label("Baseline").select_option("known")
    assert (defects(page), classes(page)) == (["shop.errors.Locked"], ["shop.errors.Locked"])
    page.get_by_label("Search").fill("payment")
    assert defects(page) == []
    assert (
        page.get_by_role("status").inner_text()
        == "Shown: 0 of 3 defects, 0 of 5 classes, 0 of 1 not checked"
    )


def test_diff_and_fix_open_on_click_and_by_keyboard(show: Open) -> None:
    page = show().page
    card = page.locator("article", has_text="shop.errors.NotFound").first
    lost, code = card.locator("pre").first, card.locator("pre code").first
    assert not lost.is_visible()
    card.get_by_text("What was lost").click()
    assert lost.is_visible()
    assert lost.inner_text().startswith("- message")
    assert not code.is_visible()
    card.locator("summary", has_text="Fix:").focus()
    page.keyboard.press("Enter")
    assert code.is_visible()
    assert "def __reduce__(self):" in code.inner_text()
    page.keyboard.press("Enter")
    assert not code.is_visible()


def test_all_opens_and_closes_at_once(show: Open) -> None:
    page = show().page
    folds = page.locator("main details")
    page.get_by_role("button", name="Open all").click()
    assert page.locator("main details[open]").count() == folds.count() > 0
    page.get_by_role("button", name="Close all").click()
    assert page.locator("main details[open]").count() == 0


# A page that was opened as a file may have no clipboard, and may not read the one that it has.
NO_CLIPBOARD = """
Object.defineProperty(navigator, "clipboard", { value: undefined });
document.addEventListener("copy", () => { window.copied = getSelection().toString(); });
"""
CLIPBOARD = """
Object.defineProperty(navigator, "clipboard", { value: {
  writeText: async (text) => { window.copied = text; },
} });
"""


@pytest.mark.parametrize("has_clipboard", [True, False])
def test_a_fix_is_copied_on_click(has_clipboard: bool, show: Open, report: Path) -> None:
    watched = show()
    page = watched.page
    page.add_init_script(CLIPBOARD if has_clipboard else NO_CLIPBOARD)
    page.goto(report.as_uri())
    card = page.locator("article", has_text="shop.errors.NotFound").first
    card.locator("summary", has_text="Fix:").click()
    button = card.get_by_role("button", name="Copy").first
    button.click()
    card.get_by_role("button", name="Copied").first.wait_for()
    code = card.locator("pre code").first.text_content()
    assert code is not None
    assert page.evaluate("window.copied").strip() == code.strip()
    button.wait_for()
    assert watched.complaints == []


def test_every_control_is_reached_by_tab(show: Open) -> None:
    page = show().page
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(() => { const at = document.activeElement; return at.name || "
                "at.textContent.trim().split('\\n')[0]; })()"
            )
        )
    assert reached >= {
        "Skip to what was found",
        "search",
        "state",
        "scope",
        "known",
        "Reset",
        "Open all",
    }
    assert {"Defects", "Classes"} <= reached
    assert (
        len([name for name in reached if name.startswith(("What was lost", "Fix:", "Met by"))]) >= 3
    )


def test_a_class_of_the_table_leads_to_its_defect(show: Open) -> None:
    page = show().page
    page.get_by_role("link", name="shop.errors.Locked").click()
    card = page.locator("article:target")
    assert card.locator(".name").inner_text() == "shop.errors.Locked"
    assert card.locator("h4").evaluate(
        "one => one.getBoundingClientRect().top >= document.getElementById('filter').offsetHeight"
    )


def test_all_is_readable_without_javascript(show: Open) -> None:
    page = show(java_script_enabled=False).page
    assert defects(page) == ALL_DEFECTS
    assert not page.locator("#filter").is_visible()
    assert page.locator(".copy:visible").count() == 0
    card = page.locator("article", has_text="shop.errors.PaymentError").first
    for summary in card.locator("summary").all():
        summary.click()
    told = card.inner_text()
    assert "sent      shop.errors.PaymentError: order 7: declined" in told
    assert "def __reduce__(self):" in told
    assert "test_shop.py::test_payment[declined]" in told
    assert page.get_by_role("table").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(scheme: str, show: Open) -> None:
    page = show(color_scheme=scheme).page
    page.get_by_role("button", name="Open all").click()
    red, green, blue = map(
        int,
        re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3],
    )
    assert (min(red, green, blue) > 200) if scheme == "light" else (max(red, green, blue) < 60)
    found = page.evaluate(CONTRAST)
    assert len(found) > 100
    assert [one for one in found if one[0] < 4.5] == []  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_it_fits_any_width_and_wide_parts_scroll_by_themselves(width: int, show: Open) -> None:
    page = show(viewport={"width": width, "height": 800}).page
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    scrolls = page.locator(".scroll").evaluate(
        "one => [one.scrollWidth > one.clientWidth, getComputedStyle(one).overflowX]"
    )
    assert scrolls[1] == "auto"
    assert scrolls[0] or width > 320
