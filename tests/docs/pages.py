"""The documentation as tests see it: pages, headings, fenced blocks, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w./-]+)`:\s*\Z")
_LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block. `file` is the path that the line before it names (`` `playbooks/x.py`: ``), else None."""

    language: str
    text: str
    file: str | None


def name_of(page: Path) -> str:
    """The page as people call it."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    """Fenced blocks in order."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        before = _FILE.search(text[: match.start()])
        yield Block(match[1], match[2], before[1] if before else None)


def without_blocks(page: Path) -> str:
    """The text alone: what looks like a link or a heading within a block is none."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Targets of all links and pictures."""
    return _LINK.findall(without_blocks(page))


def headings(page: Path) -> list[str]:
    """Texts of all headings, code marks taken off."""
    found = re.findall(r"^#{1,6} (.+)$", without_blocks(page), re.MULTILINE)
    return [heading.replace("`", "") for heading in found]


def anchors(page: Path) -> set[str]:
    """What a link may name after `#`, as GitHub makes it."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page)}


def commands(page: Path) -> Iterator[str]:
    """Command lines of console blocks, without the prompt."""
    for block in blocks(page):
        if block.language == "console":
            yield from (line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ "))
