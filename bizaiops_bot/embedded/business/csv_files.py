"""The bytes of a person's own CSV as records: encoding, delimiter and lines, told or refused, never guessed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from bizaiops_bot.domain.errors import BadInput

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MOST_SHORT = 3
"""Lines at the end that may be cut off, or be a remark."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEP_LINE = re.compile(r"\A\"?sep=(.)\"?\r?\n")
_SAVE_AS = "Save it as UTF-8 CSV with a header row."


@dataclass
class Records:
    """header: column names as written. rows: cells of each record, as many as the header has; lines: where each begins.
    told: what was not taken as it stands. open_end: whether the last line has no end, as when a file was cut off.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    told: list[str] = field(default_factory=list)
    open_end: bool = False


def read_records(path: Path, delimiter: str = "") -> Records:
    """The records of the file. delimiter: "comma", "semicolon", "tab" or "bar", "" finds it out.

    Raises BadInput with the line for what is no table.
    """
    told: list[str] = []
    text = _decoded(path, told)
    said = _SEP_LINE.match(text)
    skipped = 1 if said else 0
    body = text[said.end() :] if said else text
    marks = [mark for mark, name in DELIMITERS.items() if delimiter in ("", name)]
    parsed = {mark: _parsed(body, mark, skipped) for mark in ([said[1]] if said and not delimiter else marks)}
    readable = {mark: found for mark, found in parsed.items() if isinstance(found, _Parsed) and found.records}
    if not readable:
        broken = next((found for found in parsed.values() if isinstance(found, str)), "It has no rows")
        raise BadInput(f"The data file {path.name!r} is not a readable CSV table.", f"{broken}.", _SAVE_AS)
    mark = _delimiter(path, readable)
    found = readable[mark]
    return replace(_even(path, mark, found, told), open_end=not text.endswith(("\n", "\r")))


@dataclass
class _Parsed:
    records: list[tuple[int, list[str]]]
    cut: int = 0  # the line of a quote that the file's end leaves open


def _decoded(path: Path, told: list[str]) -> str:
    raw = path.read_bytes()
    encoding = next((name for bom, name in _BOMS if raw.startswith(bom)), "utf-8")
    try:
        return raw.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        reason = str(error)
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        text = "\0"
    if encoding != "utf-8" or re.search(r"[\0-\x08\x0e-\x1f\x7f]", text):
        raise BadInput(f"The data file {path.name!r} is not a readable CSV table.", f"{reason}.", _SAVE_AS)
    told.append("it is not UTF-8 and was read as Windows-1252; look whether its letters are right")
    return text


def _parsed(text: str, mark: str, skipped: int) -> _Parsed | str:
    """The records without blank ones, or why there are none."""
    if "\0" in text:
        return "It holds zero bytes, as pictures and UTF-16 without a mark do"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    found, line = _Parsed([]), 1 + skipped
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.records.append((line, cells))
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        if "unexpected end of data" not in str(error):
            return f"Line {line}: {error}"
        if len(text.splitlines()) + skipped > line:
            return f"Line {line}: a quotation mark opens there and is never closed"
        found.cut = line
    return found


def _delimiter(path: Path, readable: dict[str, _Parsed]) -> str:
    """The mark by which most records have as many cells as the header, two at least."""

    def fits(mark: str) -> float:
        records = readable[mark].records
        width = len(records[0][1])
        return round(sum(len(cells) == width for _, cells in records) / len(records), 2) if width > 1 else 0.0

    best = max(map(fits, readable))
    likely = [mark for mark in readable if fits(mark) == best]
    if len(likely) > 1 and best > 0:
        names = [DELIMITERS[mark] for mark in likely]
        raise BadInput(
            f"The cells of {path.name!r} may be parted by {' or '.join(names)}.",
            "Its header and its rows can be read either way.",
            f"Say `delimiter={names[0]}` or `delimiter={names[1]}` as you would map a column.",
        )
    return likely[0]


def _even(path: Path, mark: str, found: _Parsed, told: list[str]) -> Records:
    """Records of one width. Short ones at the very end are left out and told; any other is refused with its line."""
    (_, header), *records = found.records
    width = len(header)
    if width > 1 and all(len(cells) == width + 1 and not cells[-1].strip() for _, cells in records) and records:
        records = [(line, cells[:-1]) for line, cells in records]  # a delimiter at the end of each line but the header
    dropped = [found.cut] if found.cut else []
    while records and len(records[-1][1]) < width and len(dropped) < MOST_SHORT:
        dropped.append(records.pop()[0])
    odd = next(((line, cells) for line, cells in records if len(cells) != width), None)
    if odd is not None:
        raise BadInput(
            f"The data file {path.name!r} is not a readable CSV table.",
            f"Line {odd[0]} has {len(odd[1])} cells, the header {width}, parted by {DELIMITERS.get(mark, repr(mark))}.",
            "Put cells that hold the delimiter or a line break into quotation marks.",
        )
    if dropped:
        told.append(f"{lines_of(sorted(dropped))} cut off or no row, left out")
    return Records(header, [cells for _, cells in records], [line for line, _ in records], told)


def lines_of(lines: list[int]) -> str:
    """ "line 7 is", "lines 7 and 9 are", "5 lines (7, 8, 9, ...) are"."""
    if len(lines) == 1:
        return f"line {lines[0]} is"
    if len(lines) <= 3:
        return f"lines {', '.join(map(str, lines[:-1]))} and {lines[-1]} are"
    return f"{len(lines)} lines ({', '.join(map(str, lines[:3]))}, ...) are"
