"""The pages of the documentation, cut at their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bizaiops_bot.domain.glossary import TERMS

LEFT_OUT = frozenset({"reference/benchmarks", "reference/intents"})
"""Tables of measurements, and examples of sentences: they hold words of every question and answer none."""
TOP_ALONE = frozenset({"reference/rest-api"})
"""Pages of which only what stands before the first heading is a passage."""
FOLDERS = ("explanation", "how-to", "reference", "tutorial")
_HEADING = re.compile(r"(#{1,4}) +(.+?) *#*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_BULLET = re.compile(r"^\s*(?:[-*]|\d+\.) ")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_RULE = re.compile(r"[|:\s-]+")


@dataclass(frozen=True)
class Section:
    """anchor: as the page's links name it, "" for what stands above the first heading. parts: paragraphs, list items
    and table rows in plain text, in order. code: what stands in its code blocks.
    """

    page: str
    page_title: str
    anchor: str
    title: str
    parts: tuple[str, ...]
    code: str = ""


def read_sections(folder: Path) -> list[Section]:
    """Every section of every page under `folder`, and the glossary; empty for a folder that is not there."""
    found: list[Section] = []
    for path in sorted(path for name in FOLDERS for path in (folder / name).glob("*.md")):
        page = path.relative_to(folder).with_suffix("").as_posix()
        if page not in LEFT_OUT:
            sections = list(cut(page, path.read_text(encoding="utf-8")))
            found += sections[:1] if page in TOP_ALONE else sections
    return [*found, *glossary()]


def glossary() -> list[Section]:
    """A page that is no file: the bot's own words."""
    return [
        Section(
            "glossary", "Glossary", slug(term.names[0]), _capital(term.names[0]), (term.meaning,), " ".join(term.names)
        )
        for term in TERMS
    ]


def cut(page: str, text: str) -> Iterator[Section]:
    """The sections of one page in Markdown; one without words of its own is left out."""
    title, heading, anchor = page.rpartition("/")[2], "", ""
    lines: list[str] = []
    code: list[str] = []
    fenced = False
    for line in [*_COMMENT.sub("", text).splitlines(), "# end"]:
        if _FENCE.match(line):
            fenced = not fenced
            lines.append("")
        elif fenced:
            code.append(line)
        elif m := _HEADING.match(line):
            parts = tuple(_parts(lines))
            if parts or (code and heading):
                yield Section(page, title, anchor, heading or title, parts, "\n".join(code))
            if len(m[1]) == 1:
                title, heading, anchor = plain(m[2]), "", ""
            else:
                heading, anchor = plain(m[2]).replace("`", ""), slug(m[2])
            lines, code = [], []
        else:
            lines.append(line)


def slug(heading: str) -> str:
    """The anchor of a heading: lower case, blanks to hyphens, signs left out."""
    return re.sub(r"[^\w\- ]", "", plain(heading).lower()).strip().replace(" ", "-")


def plain(text: str) -> str:
    """Links to their words; bold, italic and code stay, as cards know them."""
    return _LINK.sub(r"\1", text).replace("\\|", "|").strip()


def _parts(lines: list[str]) -> Iterator[str]:
    """Paragraphs, list items and table rows, each on one line."""
    gathered: list[str] = []
    columns: list[str] = []
    for line in [*lines, ""]:
        row = line.strip()
        if row.startswith("|"):
            cells = [plain(cell) for cell in row.strip("|").split(" | ")]
            if not columns:
                columns = cells
            elif not _RULE.fullmatch(row):
                yield _row(cells)
            continue
        columns = []
        if (not row or _BULLET.match(line) or row.startswith(">")) and gathered:
            yield plain(" ".join(gathered))
            gathered = []
        if row:
            gathered.append(_BULLET.sub("", line).strip().removeprefix("> "))


def _row(cells: list[str]) -> str:
    return f"{cells[0]}: {'; '.join(cell for cell in cells[1:] if cell)}" if len(cells) > 1 else cells[0]


def _capital(name: str) -> str:
    return name.upper() if name in {"psi", "auc", "kpi", "wape"} else f"{name[0].upper()}{name[1:]}"
