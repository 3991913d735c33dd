"""Writes the reference pages that come from the types: `make docs`. With --check it only says which ones are stale."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tools.reference import cli, company_files, house, intents, kpis, playbooks, questions, rest_api, rules, settings

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings.render,
    "playbooks.md": playbooks.render,
    "intents.md": intents.render,
    "questions.md": questions.render,
    "rules.md": rules.render,
    "kpis.md": kpis.render,
    "cli.md": cli.render,
    "rest-api.md": rest_api.render,
    "house.md": house.render,
    "company-files.md": company_files.render,
}


def stale(folder: Path = FOLDER) -> dict[str, str]:
    """Name -> what the page should be, for every page that is not."""
    wanted = {name: render() for name, render in PAGES.items()}
    return {name: text for name, text in wanted.items() if _current(folder / name) != text}


def _current(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> int:
    """Exit code 1 when --check finds a stale page."""
    found = stale()
    if "--check" in arguments:
        print("\n".join(f"{name} is stale: run `make docs`" for name in found) or "all pages are fresh")
        return 1 if found else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
