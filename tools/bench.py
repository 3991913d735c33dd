"""Measures what docs/reference/benchmarks.md reports: `python -m tools.bench [bot|engine|router|chat] [--write]`."""

from __future__ import annotations

import argparse
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tools import bench_bot, bench_many, bench_slack
from tools.bench_chat import report as chat_report
from tools.bench_engine import report
from tools.bench_engine.measures import FULL, QUICK, SHORT
from tools.bench_engine.processes import load
from tools.bench_router import report as router_report
from tools.bench_rows import Row, machine, table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "benchmarks.md"
TITLES = {
    "bot": "The bot",
    "engine": "The engine",
    "router": "The router",
    "chat": "The chat platforms",
}
KEPT = "Understanding"  # measured by `bizaiops eval`, written by hand
FOOT = """## Repeat it

`make bench` on a machine that does nothing else measures everything, the engine at smaller sizes; `ARGS=--full` takes
the sizes of this page. `ARGS=bot`, `ARGS=engine`, `ARGS=router` and `ARGS=chat` measure one of them, in full;
`ARGS="router --data FOLDER"` takes Banking77 and HWU64 from a folder instead of the bot's own intents. With
`ARGS=--install` the installation is timed too (it needs the package index, as the peers do the first time); with
`ARGS=--quick` everything is shorter and less exact. `--write` renews what was measured on this page.
"""


def bot_rows(folder: Path, options: argparse.Namespace) -> tuple[list[Row], str]:
    """(rows, how they were measured)."""
    runs, seconds, count = (1, 10.0, 30) if options.quick else (3, 40.0, 100)
    rows = [bench_bot.install_row(folder)] if options.install else []
    rows += bench_bot.start_rows(folder, runs)
    rows += bench_bot.life_rows(folder / "first-0", seconds, count)
    rows += bench_many.many_rows(folder / "many", count)
    return rows, f"{bench_bot.NOTES}\n{bench_many.NOTES}"


def engine_rows(folder: Path, options: argparse.Namespace) -> tuple[list[Row], str]:
    """(rows, how they were measured); shorter when the bot is measured as well."""
    full = options.full or options.what == "engine"
    return report.engine_rows(folder / "engine", QUICK if options.quick else FULL if full else SHORT)


def router_rows(folder: Path, options: argparse.Namespace) -> tuple[list[Row], str]:
    """(rows, how they were measured)."""
    sizes = router_report.QUICK if options.quick else router_report.FULL
    return router_report.router_rows(folder / "router", sizes, options.data)


def chat_rows(folder: Path, options: argparse.Namespace) -> tuple[list[Row], str]:
    """(rows, how they were measured)."""
    sizes = chat_report.QUICK if options.quick else chat_report.FULL
    seconds, times = (3.0, 10) if options.quick else (10.0, 40)
    rows = bench_slack.slack_rows(folder / "slack", seconds=seconds, times=times)
    beside, notes = chat_report.peer_rows(folder / "chat", sizes)
    return [*rows, *beside], f"{bench_slack.NOTES}\n{notes}"


def section(title: str, rows: list[Row], notes: str, before: float) -> str:
    """Of the page. before: load average when it began."""
    when = f"Measured on {datetime.now(UTC):%-d %B %Y}; {machine()}; load before: {before:.1f}."
    return f"## {title}\n\n{when}\n\n{table(rows)}\n\n{notes.strip()}\n"


def renewed(page: str, sections: dict[str, str]) -> str:
    """The page with these sections; what was not measured now stays as it was."""
    old = {found.split("\n", 1)[0]: f"## {found.strip()}\n" for found in re.split(r"^## ", page, flags=re.M)[1:]}
    parts = [sections.get(title) or old.get(title) for title in (*TITLES.values(), KEPT)]
    return "\n".join(["# Benchmarks\n", *(part for part in parts if part), FOOT])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("all", *TITLES), default="all", help="only that")
    parser.add_argument("--write", action="store_true", help="renew docs/reference/benchmarks.md")
    parser.add_argument("--install", action="store_true", help="also time `make install` in a copy of the tree")
    parser.add_argument("--full", action="store_true", help="the engine with 10,000 waiting runs, beside the bot too")
    parser.add_argument("--quick", action="store_true", help="everything short, to see that it works")
    parser.add_argument(
        "--data", type=Path, help="folder with banking77 and hwu64, for the router [default: our intents]"
    )
    options = parser.parse_args()
    sections = {}
    with tempfile.TemporaryDirectory(prefix="bizaiops-bench-") as name:
        for what, measure in (("bot", bot_rows), ("engine", engine_rows), ("router", router_rows), ("chat", chat_rows)):
            if options.what in ("all", what):
                before = load()
                sections[TITLES[what]] = section(TITLES[what], *measure(Path(name), options), before)
                print(sections[TITLES[what]])
    if options.write:
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), sections), encoding="utf-8")


if __name__ == "__main__":
    main()
