"""Reading people's own CSV files: one reader for all, which reads a value as it was meant, or says why it cannot."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.embedded.business.csv_dates import Order, read_dates
from bizaiops_bot.embedded.business.csv_files import lines_of, read_records
from bizaiops_bot.embedded.business.csv_numbers import Mark, Numbers, read_numbers, votes

Floats = NDArray[np.float64]
POSITIVE = ("yes", "1", "true", "y", "churned", "churn", "left", "exited", "positive", "1.0")
NEGATIVE = ("no", "0", "false", "n", "retained", "stayed", "active", "negative", "0.0")
MOST_WORDS = 50
"""A column of more different words holds names, of which one may begin as another does."""
_TOTAL = re.compile(
    r"(?i)(?:(?:grand|sub)[ -]?)?totals?\b.{0,20}|sum(?:me|ma)?:?|gesamt(?:summe)?:?|insgesamt:?|average:?|mean:?|"
    r"count:?"
)

_DAY = re.compile(r"(?i)date|day|datum|tag$|^ds$|^dt$")


@dataclass(frozen=True)
class OwnFile:
    """A file as a table of text: numbers plain ("1234.5"), dates in ISO form, blank cells None; its index is the line
    on which a row begins.

    told: what was left out or changed, in words. units: column -> the currency in it. unsure: column -> what it is and
    why it could not be read ("number", "has '1,234' ...").
    """

    path: Path
    table: pd.DataFrame
    told: list[str] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, tuple[Literal["number", "date"], str]] = field(default_factory=dict)

    def sure(self, columns: Sequence[str], option: str) -> None:
        """Raises BadInput for one of the columns that could not be read. option: the command's, such as
        `--churn-column`.
        """
        for column in columns:
            if column in self.unsure:
                kind, why = self.unsure[column]
                role, values = ("decimal", "point comma") if kind == "number" else ("dates", "day-first month-first")
                ways = " or ".join(f"`{option} {role}={value}`" for value in values.split())
                raise BadInput(
                    f"The {kind}s of column {column!r} in {self.path.name!r} are not clear.",
                    f"It {why}.",
                    f"Write them one way, or say {ways}, or leave the column out: `{option} 'skip={column}'`.",
                )

    def enough(self, rows: int, need: int) -> None:
        """Raises BadInput for fewer usable rows than needed."""
        if rows < need:
            told = f" ({'; '.join(self.told)})" if self.told else ""
            raise BadInput(
                f"The data file {self.path.name!r} has too few rows.",
                f"{rows} usable rows, at least {need} are needed to train{told}.",
            )


@dataclass(frozen=True)
class Written:
    """How a person says that a file is written; "" is found out."""

    decimal: Mark = ""
    dates: Order = ""
    delimiter: str = ""


def read_table(path: Path, *, need_rows: int, written: Written | None = None) -> OwnFile:
    """The file, written as is said, or as is found out.

    Raises BadInput for what is no readable table of `need_rows` rows.
    """
    written = written or Written()
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise BadInput(f"The data file {str(path)!r} cannot be used.", f"It {kind}.", "Give the path of a CSV file.")
    try:
        records = read_records(path, written.delimiter)
    except OSError as error:
        raise BadInput(f"The data file {path.name!r} cannot be read.", f"{error}.") from error
    cells = [[cell.strip() or None for cell in row] for row in records.rows]
    frame = pd.DataFrame(cells, index=records.lines, dtype=object, columns=range(len(records.header)))
    _has_header(path, frame, records.header)
    frame = _named(path, frame, records.header, records.told)
    frame = _without_cut_word(frame, records.told) if records.open_end else frame
    frame = _once(_without_totals(frame, records.told), records.told).copy()
    file = OwnFile(path, frame, records.told)
    _as_meant(file, written.decimal, written.dates)
    file.enough(len(frame), need_rows)
    return file


def _named(path: Path, frame: pd.DataFrame, header: list[str], told: list[str]) -> pd.DataFrame:
    """With the header's names; a column that is there twice is left out, two of one name are refused."""
    names = [" ".join(name.split()) for name in header]
    empty = [i for i, name in enumerate(names) if not name and frame[i].isna().all()]
    names = [name or f"column {i + 1}" for i, name in enumerate(names)]
    left_out = list(empty)
    for name, count in Counter(names).items():
        first, *more = [i for i, other in enumerate(names) if other == name]
        for i in more if count > 1 else []:
            if not frame[first].equals(frame[i]):
                raise BadInput(
                    f"{path.name!r} has two columns {name!r}.", "Their values differ.", "Give each a name of its own."
                )
            left_out.append(i)
            told.append(f"column {name!r} is there twice, once left out")
    kept = [i for i in range(len(names)) if i not in left_out]
    frame = frame[kept]
    frame.columns = pd.Index([names[i] for i in kept])
    return frame


def _has_header(path: Path, frame: pd.DataFrame, header: list[str]) -> None:
    """Raises BadInput when most of the first line are values and not names."""
    cells = [cell.strip() for cell in header]
    values = [
        bool(read_numbers([c], decimal="", elsewhere="") or read_dates([c], order="")) if c else False for c in cells
    ]
    known = [value or cell in set(frame[i].dropna()) for i, (cell, value) in enumerate(zip(cells, values, strict=True))]
    if sum(known) > len(cells) / 2:
        raise BadInput(
            f"{path.name!r} has no header row.", f"Its first line is {', '.join(cells[:6])}.", "Put the names there."
        )


def _without_cut_word(frame: pd.DataFrame, told: list[str]) -> pd.DataFrame:
    """Without a last row whose last word is the beginning of another one of its column: "Ye" where there is "Yes"."""
    if len(frame) < 2:
        return frame
    column = frame.iloc[:, -1]
    words, last = set(column.iloc[:-1].dropna()), column.iloc[-1]
    cut = last is not None and last not in words and any(str(word).startswith(last) for word in words)
    if not cut or len(words) > MOST_WORDS or read_numbers([last], decimal="", elsewhere=""):
        return frame
    told.append(f"line {frame.index[-1]} is cut off ({last!r}), left out")
    return frame.iloc[:-1]


def _without_totals(frame: pd.DataFrame, told: list[str]) -> pd.DataFrame:
    """Without rows that sum up others."""
    first = [next((cell for cell in row if cell is not None), "") for row in frame.itertuples(index=False, name=None)]
    sums = np.asarray([bool(_TOTAL.fullmatch(cell)) for cell in first], dtype=np.bool_)
    if not sums.any() or sums.sum() > max(3, len(frame) / 100):
        return frame
    told.append(f"{lines_of([int(line) for line in frame.index[sums]])} a total, left out")
    return frame[~sums]


def _once(frame: pd.DataFrame, told: list[str]) -> pd.DataFrame:
    """Without the copies of a doubled export: every row is there as often as any other, and more than once."""
    if frame.empty:
        return frame
    counts = frame.groupby(list(frame.columns), dropna=False, sort=False).size()
    times = int(counts.min())
    if times < 2 or times != counts.max():
        return frame
    told.append(f"every row is there {times} times, as in a doubled export; {len(counts)} rows are kept")
    return frame.drop_duplicates()


def without_repeats(file: OwnFile, columns: Sequence[str]) -> pd.DataFrame:
    """The rows without exact copies of one before; the lines of others with the same `columns` are refused."""
    copies = file.table.duplicated()
    table = file.table[~copies]
    if copies.any():
        file.told.append(
            f"{lines_of([int(line) for line in file.table.index[copies]])} a copy of a row before, left out"
        )
    again = table.duplicated(list(columns), keep=False)
    if again.any():
        one = table.loc[again, list(columns)].iloc[0]
        same = table.index[(table[list(columns)] == one).all(axis=1)][:2]
        raise BadInput(
            f"{file.path.name!r} has several rows for {', '.join(map(str, one))}.",
            f"Lines {same[0]} and {same[1]} differ; {', '.join(map(repr, columns))} must name one row.",
            "Name the column that tells them apart, or sum them up.",
        )
    return table


def _as_meant(file: OwnFile, decimal: Mark, dates: Order) -> None:
    """Brings numbers and dates into plain form, each column as a whole; notes what could not be read."""
    table = file.table
    texts: Mapping[str, list[str | None]] = {name: table[name].tolist() for name in table.columns}
    proved = set[Mark]().union(*(votes(cells) for cells in texts.values())) if texts else set()
    elsewhere: Mark = next(iter(proved)) if len(proved) == 1 else ""
    for name, cells in texts.items():
        numbers = read_numbers(cells, decimal=decimal, elsewhere=elsewhere)
        compact = bool(_DAY.search(name)) and all(cell is None or len(cell) == 8 for cell in cells)  # 20240131
        found = (read_dates(cells, order=dates) if compact else None) or numbers or read_dates(cells, order=dates)
        if found is None:
            continue
        if found.problem:
            file.unsure[name] = ("number" if isinstance(found, Numbers) else "date", found.problem)
            continue
        if isinstance(found, Numbers) and found.unit:
            file.units[name] = found.unit
        if found.bad:
            lines = [int(table.index[i]) for i in found.bad]
            cell = cells[found.bad[0]]
            kind = "number" if isinstance(found, Numbers) else "date"
            file.told.append(f"{lines_of(lines)} without a {kind} in column {name!r} ({cell!r}), taken as blank")
        table[name] = pd.Series(found.cells, index=table.index, dtype=object)


def require(table: pd.DataFrame, names: Sequence[str], path: Path) -> None:
    """Raises BadInput for mapped columns that the file does not have, with the nearest ones that it has."""
    for name in names:
        if name not in table.columns:
            near = difflib.get_close_matches(name, list(table.columns), n=2, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"Columns: {', '.join(table.columns)}."
            raise BadInput(f"{path.name!r} has no column {name!r}.", do=hint)


def numbers(column: pd.Series) -> Floats:
    """The column as floats; what is no finite number is NaN."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def is_number(column: pd.Series) -> bool:
    """At least 95% of the cells that are not blank are numbers."""
    filled = column.dropna()
    return len(filled) > 0 and bool(np.isfinite(numbers(filled)).mean() >= 0.95)


def text(column: pd.Series) -> NDArray[np.object_]:
    """The column as text, blank cells as None."""
    return np.asarray(column.where(column.notna(), None).to_numpy(dtype=object))


def positive_value(column: pd.Series) -> str | None:
    """Which of two values means "yes": None unless the column has exactly two and one of them is known."""
    values = sorted(column.dropna().unique(), key=str)
    if len(values) != 2:
        return None
    for value, other in ((values[0], values[1]), (values[1], values[0])):
        if str(value).lower() in POSITIVE and str(other).lower() not in POSITIVE:
            return str(value)
    for value, other in ((values[0], values[1]), (values[1], values[0])):
        if str(other).lower() in NEGATIVE:
            return str(value)
    return None


def named_like(names: Sequence[str], words: Sequence[str]) -> list[str]:
    """Names that contain one of the words, in the order of the words."""
    return [name for word in words for name in names if word in name.lower()]
