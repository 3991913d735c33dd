"""README and the tutorial show what the bot really says: `make pages` plays them and writes their blocks anew.

A block after `<!-- shown: NAME -->` is what this program records under NAME. tests/docs/test_real_pages.py plays the
same, faster, and compares: numbers may differ; words, buttons, their order and the layout may not.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
import time
from pathlib import Path

from rich.console import Console

from bizaiops_bot.surfaces.client import Client
from bizaiops_bot.surfaces.terminal_chat import Conversation
from tests.support.demo_process import DemoProcess, clean_environment, run_cli

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "tutorial" / "first-rollback.md")
SHOWN = re.compile(r"(<!-- shown: ([\w-]+) -->\n```text\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
CARD = re.compile(r"^╭─.*?^╰─+╯$", re.MULTILINE | re.DOTALL)
PATIENCE_S = 180.0
PORT = 8642
"""What the pages say; the program takes a free one."""


class Chat:
    """`bizaiops chat` without its terminal: the same words, cards and numbers of buttons."""

    def __init__(self, url: str) -> None:
        self._printed = io.StringIO()
        console = Console(file=self._printed, width=100, color_system=None, legacy_windows=False)
        self._talk = Conversation(Client(url), "engineer", "ml-ops", console)
        self._talk.begin()
        self._mark = len(self._printed.getvalue())

    def says(self, words: str) -> str:
        """What is printed until the answer is there."""
        self._mark = len(self._printed.getvalue())
        self._talk.take(words)
        return self.since()

    def asks(self, words: str, title: str) -> str:
        """The card that answers."""
        self.says(words)
        return self.card(title)

    def since(self) -> str:
        """What was printed since something was said."""
        return self._printed.getvalue()[self._mark :].strip("\n")

    def card(self, title: str) -> str:
        """The newest version of the card that begins so, once it is there; only those since something was said."""
        last = time.monotonic() + PATIENCE_S
        while time.monotonic() < last:
            self._talk.look()
            found = [card for card in CARD.findall(self.since()) if re.match(rf"╭─ {re.escape(title)} ─", card)]
            if found:
                return str(found[-1])
            time.sleep(0.1)
        raise AssertionError(f"no card {title!r}:\n{self.since()}")

    def number(self, label: str) -> str:
        """Of the newest button with this label."""
        return re.findall(rf"\[(\d+)\] {re.escape(label)}", self._printed.getvalue())[-1]

    def close(self) -> None:
        self._talk.client.close()


def record(folder: Path, *, speed: float) -> dict[str, str]:
    """Plays both pages on a new company in `folder`; name -> what was shown. speed: world seconds a real one."""
    demo = DemoProcess(folder, speed=None)
    try:
        start = demo.start().said()
        env = clean_environment(COLUMNS="80")
        models = run_cli("say", "what models do we have?", "--url", demo.url, env=env).stdout
        demo.interrupt()
        shown = {"start": _start(start, demo), "models": models}
        demo.speed, demo.calm = speed, 1.0
        shown |= _tutorial(demo.start().url)
        demo.interrupt()
        verified = run_cli("audit", "verify", "--data", str(folder))
        return {**shown, "verify": verified.stdout}
    finally:
        demo.end()


def _start(said: str, demo: DemoProcess) -> str:
    """As `make demo` prints it where the pages are read."""
    told = said[said.index("Starting:") :]
    return told.replace(str(demo.port), str(PORT)).replace(str(demo.folder), ".data")


def _tutorial(url: str) -> dict[str, str]:
    chat, shown = Chat(url), {}
    try:
        shown["status"] = chat.asks("status churn", "churn: v1 100%, healthy")
        shown["plan"] = chat.asks("deploy churn v2 as a 10% canary", "Deploy churn v2: waiting for approval")
        approve = chat.number("Approve")
        shown["own-click"] = chat.says(approve)
        chat.says("/as lead")
        chat.says(approve)
        shown["done"] = chat.card("Deploy churn v2: done")
        chat.says("/as engineer")
        shown["fault"] = chat.asks("inject latency into churn", "Fault latency is on for churn")
        shown["over"] = chat.card("Slow answers in churn: over")
        shown["alert"] = chat.card("Slow answers in churn")
        shown["rollback"] = chat.card("Roll back churn v1: done")
        chat.asks("clear faults of churn", "Faults of churn are cleared")
        shown["plan-again"] = chat.asks("deploy churn v2 as a 25% canary", "Deploy churn v2: waiting for approval")
        chat.says("/as lead")
        chat.says("approve run 3")
        chat.card("Deploy churn v2: done")
        chat.says("/as engineer")
        chat.asks("roll back churn", "Roll back churn: waiting for approval")
        chat.says("/as sre")
        chat.says("approve run 4")
        shown["rollback-by-hand"] = chat.card("Roll back churn: done")
        shown["history"] = chat.asks("who deployed churn last?", "churn: engineer rolled back to v1, approved by sre")
        return shown
    finally:
        chat.close()


def blocks(page: str) -> dict[str, str]:
    """Name -> text of the blocks that a page shows."""
    return {match[2]: match[3] for match in SHOWN.finditer(page)}


def written(page: str, shown: dict[str, str]) -> str:
    """The page with its blocks as they were shown. Raises KeyError for a name that is never played."""

    def fresh(match: re.Match[str]) -> str:
        lines = [line.rstrip() for line in shown[match[2]].strip("\n").splitlines()]
        return "\n".join([match[1].rstrip("\n"), *lines, match[4]])

    return SHOWN.sub(fresh, page)


KINDS = (
    (r"[▁▂▃▄▅▆▇█·]{3,}", "BARS"),
    (r"\b[0-9a-f]{16}\b|\b(?=\w*\d)[0-9a-f]{12}\b", "HASH"),
    (r"\b\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b", "DAY"),
    (r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", "DAY"),
    (r"\b\d\d:\d\d(:\d\d)?\b", "TIME"),
    (r"(< )?\b\d[\d,.]* (ms|s|min|h|days?)\b", "SPAN"),
    (r"\b\d+\.\d+\.\d+\.\d+:\d+", "ADDRESS"),
    (r"\bx\d[\d,]*(\.\d+)?", "xN"),
    (r"(?<![\w])[+−-]?\d[\d,]*(\.\d+)?", "N"),
    # What a canary can show depends on the traffic of that hour, and its words on how much that is.
    (r"\((over |under )?N%(, (over |under )?N% when extended)?\)", "(CHANCE)"),
    (r"it could (not see even a loss of all of it|only see a drop of N%)", "LOSS"),
)


def kinds(block: str) -> list[str]:
    """A block's words in order, numbers by their kind: two runs of the same program give the same.

    Where a line breaks depends on how long a number is; so frames are taken off and lines joined.
    """
    text = " ".join(line.strip("│╭╮╰╯─ ") for line in block.splitlines())
    text = re.sub(r"[─]+", " ", text)
    for pattern, kind in KINDS:
        text = re.sub(pattern, kind, text)
    return text.split()


def framed(block: str) -> bool:
    """Whether all lines of its cards are equally long and closed on both sides."""
    cards = [card.splitlines() for card in CARD.findall(block)]
    return all(
        len({len(line) for line in card}) == 1 and all(line[0] in "╭│╰" and line[-1] in "╮│╯" for line in card)
        for card in cards
    )


def main() -> int:
    """Writes both pages; with --check it only says which blocks are stale."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="Write nothing; exit code 1 for stale blocks.")
    arguments.add_argument("--speed", type=float, default=60.0, help="World seconds a real second.")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        shown = record(Path(place) / "data", speed=given.speed)
    stale = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        old = [name for name, block in blocks(text).items() if kinds(block) != kinds(shown[name])]
        stale += len(old)
        print(f"{page.relative_to(ROOT)}: {', '.join(old) or 'nothing'} {'is stale' if given.check else 'has changed'}")
        if not given.check:
            page.write_text(written(text, shown), encoding="utf-8")
    return 1 if given.check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
