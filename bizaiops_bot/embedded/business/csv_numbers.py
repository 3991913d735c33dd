"""Numbers as people's tables write them (1,234.50; 1.234,50; 1 234,50; 1'234.50; € 71), read by the whole column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Mark = Literal["", "point", "comma"]

NO_VALUE = frozenset({"-", "--", "?", ".", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing", "unknown"})
_CURRENCY = re.compile(r"(?i)€|\$|£|¥|(?<![a-z])(?:eur|usd|gbp|chf|sek|nok|dkk|pln|czk|jpy|kr\.?|fr\.)(?![a-z])|zł|%")
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]")
_PLAIN = re.compile(r"\d+")
_FLOAT = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
SHARE = 0.95
"""So many of the cells that are not blank make a column one of numbers."""


@dataclass(frozen=True)
class Numbers:
    """cells: the column in plain form ("1234.5"), None where it is blank or no number; bad: places of cells that are no
    number; unit: the sign that stands with them. problem: why it cannot be told what the numbers are.
    """

    cells: list[str | None]
    bad: list[int]
    unit: str = ""
    problem: str = ""


@dataclass(frozen=True)
class _Cell:
    sign: str
    body: str
    unit: str


def votes(cells: Sequence[str | None]) -> set[Mark]:
    """Which decimal marks the column's cells prove."""
    return {mark for cell in cells if cell and (read := _split(cell)) and (mark := _mark(read.body))}


def read_numbers(cells: Sequence[str | None], *, decimal: Mark, elsewhere: Mark) -> Numbers | None:
    """The column as numbers; None when it is none of numbers.

    decimal: chosen by a person, "" decides by the column. elsewhere: what the file's other columns prove, taken where
    this one proves nothing.
    """
    split = [None if cell is None or cell.lower() in NO_VALUE else _split(cell) for cell in cells]
    blank = sum(cell is None or cell.lower() in NO_VALUE for cell in cells)
    filled = len(cells) - blank
    shaped = sum(read is not None for read in split)
    if not filled or shaped < SHARE * filled:
        return None
    proved: set[Mark] = {said for read in split if read and (said := _mark(read.body))}
    unsure = [i for i, read in enumerate(split) if read and not _mark(read.body) and not _is_plain(read.body)]
    units = {read.unit for read in split if read and read.unit}
    mark: Mark = decimal or (next(iter(proved)) if len(proved) == 1 else elsewhere if not proved else "")
    problem = _problem(cells, split, decimal, proved, unsure, units, mark)
    if problem:
        return Numbers(list(cells), [], problem=problem)
    plain = [None if read is None else _plain(read, mark or "point") for read in split]
    if sum(cell is not None for cell in plain) < SHARE * filled:
        return None
    bad = [i for i, cell in enumerate(cells) if cell and cell.lower() not in NO_VALUE and plain[i] is None]
    return Numbers(plain, bad, unit=next(iter(units), ""))


def _problem(
    cells: Sequence[str | None],
    split: list[_Cell | None],
    decimal: Mark,
    proved: set[Mark],
    unsure: list[int],
    units: set[str],
    mark: Mark,
) -> str:
    if len(units) > 1:
        return f"mixes {' and '.join(sorted(units))}"
    if len(proved) > 1:
        shown = [
            next(str(c) for c, read in zip(cells, split, strict=True) if read and _mark(read.body) == m)
            for m in sorted(proved)
        ]
        return f"mixes two ways to write numbers, {' and '.join(map(repr, shown))}"
    if decimal and proved and decimal not in proved:
        shown = [next(str(c) for c, read in zip(cells, split, strict=True) if read and _mark(read.body))]
        return f"has {shown[0]!r}, which is no number with a decimal {decimal}"
    if unsure and not mark:
        return f"has {cells[unsure[0]]!r} and the like: it cannot be told whether the mark parts thousands or decimals"
    return ""


def _split(cell: str) -> _Cell | None:
    """Sign, digits and marks, unit; None for what has not the shape of a number."""
    unit = _CURRENCY.search(cell)
    rest = _CURRENCY.sub("", cell, count=1) if unit else cell
    rest = rest.strip().replace("\u2212", "-")
    negative = False
    if rest.startswith("(") and rest.endswith(")"):
        negative, rest = True, rest[1:-1].strip()
    if rest[:1] in "+-":
        negative, rest = rest[:1] == "-", rest[1:].strip()
    elif rest[-1:] == "-":
        negative, rest = True, rest[:-1].strip()
    body = _SPACES.sub(" ", rest).replace("’", "'")
    if not re.fullmatch(r"[\d.,' ]*\d[\d.,' ]*(?:[eE][+-]?\d+)?", body) or not _grouped(body):
        return None
    return _Cell("-" if negative else "", body, unit[0].strip().upper() if unit else "")


def _grouped(body: str) -> bool:
    """Whether every mark that comes more than once, and every space and apostrophe, parts groups of three."""
    if _FLOAT.fullmatch(body) or re.fullmatch(r"\d*,\d+", body):
        return True
    for group in (" ", "'", ".", ","):
        others = "".join(mark for mark in ".," if mark != group)
        if re.fullmatch(rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+(?:[{others}]\d*)?", body):
            return True
    # 12,34,567.50 as in India
    return bool(re.fullmatch(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d*)?", body))


def _is_plain(body: str) -> bool:
    return bool(re.fullmatch(r"[\d ']+", body))


def _mark(body: str) -> Mark:
    """The decimal mark that this cell proves; "" for none, and for "1,234" and "1.234", which prove nothing."""
    points, commas = body.count("."), body.count(",")
    if points and commas:
        return "point" if body.rindex(".") > body.rindex(",") else "comma"
    if "e" in body.lower() and points:
        return "point"
    if points > 1 or commas > 1:
        return "comma" if points else "point"
    if not points and not commas:
        return ""
    mark: Mark = "point" if points else "comma"
    if " " in body or "'" in body:  # these part the thousands, so the other mark parts the decimals
        return mark
    whole, _, rest = body.partition("." if points else ",")
    could_be_thousands = len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return "" if could_be_thousands else mark


def _plain(read: _Cell, mark: Mark) -> str | None:
    point, group = (".", ",") if mark == "point" else (",", ".")
    body = read.body.replace(" ", "").replace("'", "").replace(group, "").replace(point, ".")
    return f"{read.sign}{body}" if _FLOAT.fullmatch(body) else None
