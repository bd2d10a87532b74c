"""Measure in a real Chromium what a visitor waits for.

    python benchmarks/waits.py                       this checkout
    python benchmarks/waits.py --before FOLDER       another checkout too, in turns
    python benchmarks/waits.py --only generate       open, generate or train alone
    python benchmarks/waits.py --slow-line           opening at 1.6 Mbit/s with 150 ms of latency

Starts the real page and prints a table: the median seconds of each wait over --rounds visits, each
in a new browser context, with the least and the most, and the bar. Time is taken inside the
browser, from the action to the frame that shows its result. --slow-line prints JSON instead:
the bytes that came over the line, by kind and for the largest files, and requests to other hosts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
from bench.machine import sentence
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from serving import serving

BITS_PER_SECOND = 1.6e6
LATENCY = 150.0  # milliseconds
PATIENCE = 120  # seconds
VERDICT = ".drawing.verdict"
JUDGED = f"{VERDICT}:is([data-mood=good], [data-mood=warn])"
VIEW = {"width": 1280, "height": 800}

TEXT = """length => {
  const words = 'the cat sat on a mat while rain fell over grey hills and nobody spoke'.split(' ');
  let state = 1 + Math.floor(1e6 * Math.random()), text = '';  // no plan is known already
  while (text.length < length) {
    state = (state * 48271) % 2147483647;
    text += words[state % words.length] + (state % 11 ? ' ' : '.\\n');
  }
  return text.slice(0, length);
}"""
"""Makes a text of some length in the browser, so that it is not sent there over the network."""

WAIT = """(element, [act, reached, target, limit]) => new Promise((resolve, reject) => {
  const [does, done] = [(0, eval)(act), (0, eval)(reached)];
  const look = () => {
    const seconds = (performance.now() - started) / 1000;
    if (done(target)) resolve(seconds);
    else if (seconds > limit) reject(new Error(`waited in vain: ${reached}`));
    else requestAnimationFrame(look);
  };
  const started = performance.now();
  does(element);
  look();
})"""
"""Seconds from an action on an element to the first frame in which a target reaches a state."""

PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  const paint = list.getEntriesByName('first-contentful-paint')[0];
  if (paint) resolve(paint.startTime / 1000);
}).observe({ type: 'paint', buffered: true }))"""

CLICK = "(element) => element.click()"
CHOOSE = "(option) => option.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }))"
FILL = """(box) => {
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), 'value');
  set.call(box, window.made);
  box.dispatchEvent(new Event('input', { bubbles: true }));
}"""
PASTE = f"""(box) => {{
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', window.made);
  const options = {{ clipboardData, bubbles: true, cancelable: true }};
  if (box.dispatchEvent(new ClipboardEvent('paste', options))) ({FILL})(box);
}}"""
"""A paste: where the page leaves it to the browser, the box is filled as the browser would."""

MEGABYTE = 1_000_000
COUNTS, PLAN = "1 MB pasted: its counts", "1 MB pasted: its plan and presets"
ANOTHER = "another example: its plan and presets"
FIRST_SAMPLE, FIRST_CHARACTER = "first sample of a training", "first written character"
RECIPE, INSIDE = "ready-made settings", "Look inside, 1,000 characters"
BARS = {COUNTS: 0.1, PLAN: 1.0, ANOTHER: 0.3, RECIPE: 0.3, INSIDE: 0.3}
"""Seconds that a wait may take."""


class Visit:
    """A visitor with a browser context of their own; `seconds` has the waits by name."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.context = browser.new_context(viewport=VIEW)
        self.page, self.url = self.context.new_page(), url
        self.page.set_default_timeout(1000 * PATIENCE)
        self.seconds: dict[str, float] = {}

    def wait(self, name: str, element: Locator, act: str, reached: str, target: Locator) -> None:
        there = [act, reached, target.first.element_handle(), PATIENCE]
        self.seconds[name] = float(element.first.evaluate(WAIT, there))

    def open(self) -> None:
        started = time.monotonic()
        self.page.goto(self.url, wait_until="commit")
        self.page.wait_for_selector(".drawing.live-writer .sheet span", state="attached")
        self.seconds["a network writes"] = time.monotonic() - started
        self.button("Train").click(trial=True)
        self.seconds["Train can be pressed"] = time.monotonic() - started
        self.seconds["first paint"] = self.page.evaluate(PAINT)
        self.page.wait_for_selector(JUDGED)
        self.seconds["the verdict"] = time.monotonic() - started

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True).and_(
            self.page.locator(":visible")
        )

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()

    def paste(self) -> None:
        """Paste a megabyte into the text box: the browser's counts, then the server's plan."""
        self.page.evaluate(f"() => {{ window.made = ({TEXT})({MEGABYTE}); }}")
        box, verdict = self.page.locator("#train-text textarea"), self.page.locator(VERDICT)
        started = time.monotonic()
        counted = f"(verdict) => verdict.textContent.includes('{MEGABYTE:,} characters')"
        self.wait(COUNTS, box, PASTE, counted, verdict)
        self.page.wait_for_selector(JUDGED)
        self.seconds[PLAN] = time.monotonic() - started

    def another(self) -> None:
        """Choose another text by its chip: its verdict, and the seconds of each preset."""
        chip = self.page.locator(".chips label", has_text="Python manual")
        named = "(verdict) => /^Python manual/.test(verdict.textContent.trim())"
        press = "(chip) => chip.querySelector('input').click()"
        self.wait(ANOTHER, chip, press, named, self.page.locator(VERDICT))

    def recipe(self) -> None:
        """Choose ready-made settings: the controls take the values of a recipe."""
        settings = self.page.locator("button.label-wrap", has_text=re.compile("^Settings"))
        settings.click()
        self.page.get_by_label("Ready-made settings").click()
        option = self.page.get_by_role("option", name=re.compile("^minimal"))
        steps = self.page.get_by_label("Steps", exact=True)
        self.wait(RECIPE, option, CHOOSE, "(steps) => steps.value === '5000'", steps)

    def train(self) -> None:
        self.changed(FIRST_SAMPLE, self.button("Train"), ".drawing.samples pre span")
        self.page.locator(".run button", has_text="Stop").dispatch_event("click")
        self.page.wait_for_selector(
            ".drawing.status:is([data-state=stopped], [data-state=done])", state="attached"
        )

    def changed(self, name: str, button: Locator, selector: str) -> None:
        """Time from a press to the first new letters that a place shows."""
        text = f"(page.querySelector('{selector}')?.textContent ?? '').trim()"
        self.page.evaluate(f"() => {{ const page = document; window.before = {text}; }}")
        reached = f"(page) => {text} !== '' && {text} !== window.before"
        self.wait(name, button, CLICK, reached, self.page.locator("body"))

    def generate(self) -> None:
        self.tab("Generate")
        self.page.wait_for_selector(".drawing.next-symbol .column:not(.rest)")
        self.changed(FIRST_CHARACTER, self.button("Generate"), "#generate-output .reading pre")

    def look_inside(self) -> None:
        self.tab("Look inside")
        self.page.wait_for_selector(".drawing.units [data-i='20']", state="attached")
        self.page.evaluate(f"() => {{ window.made = ({TEXT})(1000).replaceAll('\\n', ' '); }}")
        self.page.get_by_label("Text to read").evaluate(FILL)
        read, units = self.page.locator("#inspect-read"), self.page.locator(".drawing.units")
        longer = """(units) => units.querySelector("[data-i='480']")"""  # the tab opens with 480
        self.wait(INSIDE, read, CLICK, longer, units)


def visits(browser: Browser, url: str, only: str) -> dict[str, float]:
    """All waits, each group of them on a page that has just been opened."""
    found: dict[str, float] = {}
    parts: list[list[Callable[[Visit], None]]] = [
        [Visit.open, Visit.paste, Visit.another, Visit.recipe],
        [Visit.generate, Visit.look_inside],
        [Visit.train],
    ]
    for part in parts:
        if not re.search(only, " ".join(act.__name__ for act in part)):
            continue
        visit = Visit(browser, url)
        if part[0] is not Visit.open:
            visit.open()
            visit.seconds.clear()
        for act in part:
            act(visit)
        visit.context.close()
        found |= visit.seconds
    return found


class Line:
    """Counts what comes over a page's line."""

    def __init__(self, page: Page, host: str) -> None:
        self.paths: dict[str, str] = {}
        self.bytes, self.foreign, self.host = Counter[str](), list[str](), host
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self.asked)
        session.on("Network.loadingFinished", self.came)
        session.send("Network.enable")
        rate = BITS_PER_SECOND / 8
        limits = {"latency": LATENCY, "downloadThroughput": rate, "uploadThroughput": rate}
        session.send("Network.emulateNetworkConditions", {"offline": False, **limits})

    def asked(self, event: dict[str, Any]) -> None:
        parts = urlsplit(event["request"]["url"])
        self.paths[event["requestId"]] = parts.path
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.foreign.append(event["request"]["url"])

    def came(self, event: dict[str, Any]) -> None:
        path = self.paths.get(event["requestId"], "?")
        self.bytes[path] += int(event["encodedDataLength"])


def slow_line(browser: Browser, url: str, largest: int) -> dict[str, Any]:
    """Opening the page over a slow line: seconds, and the bytes by kind and by file."""
    visit = Visit(browser, url)
    line = Line(visit.page, urlsplit(url).netloc)
    visit.open()
    visit.page.wait_for_timeout(3000)  # for whatever comes after that
    visit.context.close()
    kinds = Counter[str]()
    for path, size in line.bytes.items():
        kinds[Path(path).suffix or "other"] += size
    return {
        "kilobytes": round(sum(line.bytes.values()) / 1000),
        "requests": len(line.paths),
        "foreign_requests": line.foreign,
        "seconds": {name: round(seconds, 1) for name, seconds in visit.seconds.items()},
        "kilobytes_by_kind": {kind: round(size / 1000) for kind, size in kinds.most_common()},
        "largest": {path: round(size / 1000) for path, size in line.bytes.most_common(largest)},
    }


def table(found: list[dict[str, list[float]]]) -> str:
    """A row for each wait: this checkout, the one before it where there is one, and the bar."""
    header = ["wait", *(["before"] if len(found) > 1 else []), "seconds (least to most)", "bar", ""]
    rows = [header, ["---"] * len(header)]
    for name in found[-1]:
        cells = [name]
        for seconds in (one[name] for one in found):
            middle = statistics.median(seconds)
            cells.append(f"{middle:.2f} ({min(seconds):.2f} to {max(seconds):.2f})")
        bar = BARS.get(name)
        verdict = "" if bar is None else "reached" if middle <= bar else "**above**"
        rows.append([*cells, "" if bar is None else f"{bar:g}", verdict])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


@contextmanager
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
    with sync_playwright() as playwright:
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout")
    parser.add_argument("--rounds", type=int, default=5, help="visits to each page (5)")
    parser.add_argument("--only", default="", metavar="REGEX", help="open, generate or train")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the seconds here as well")
    parser.add_argument("--slow-line", action="store_true", help="open it over a slow line instead")
    parser.add_argument("--largest", type=int, default=12, help="how many files to list")
    options = parser.parse_args()
    roots = [*([options.before.resolve()] if options.before else []), ROOT]
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in roots]
        urls = [
            stack.enter_context(serving(folder, root=root))
            for folder, root in zip(folders, roots, strict=True)
        ]
        browser = stack.enter_context(chromium())
        if options.slow_line:
            print(json.dumps(slow_line(browser, urls[-1], options.largest), indent=2))
            return
        found: list[dict[str, list[float]]] = [defaultdict(list) for _ in roots]
        for k in range(options.rounds + 1):  # the first visit warms the server
            for waits, url in zip(found, urls, strict=True):
                for name, seconds in visits(browser, url, options.only).items():
                    waits[name] += [seconds] if k else []
                    print(f"{name}: {seconds:.3f}", file=sys.stderr, flush=True)
    print(sentence(), "", table(found), sep="\n")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
