"""Tables as CSV that a spreadsheet only shows: no cell of it is a formula, whatever stands in a name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from bizaiops_bot.domain.errors import BadInput

Cell = str | int | float | None
LONGEST = 250_000
"""Characters of a file that a card carries."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """RFC 4180 with line feeds; None is an empty cell. Raises BadInput when it is longer than a card carries."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([shown_only(name) for name in columns])
    for row in rows:
        writer.writerow([shown_only(cell) if isinstance(cell, str) else cell for cell in row])
        if out.tell() > LONGEST:
            raise BadInput("That is too much for one file.", do="Name one model, or a shorter span of time.")
    return out.getvalue()


def shown_only(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula; blanks before it do not hide it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    bare = text.lstrip(" \u00a0\ufeff")
    return f"'{text}" if bare.startswith(_FORMULA) else text
