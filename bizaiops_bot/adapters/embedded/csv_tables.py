"""Reading people's own CSV files, with errors that say what to change."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.domain.errors import BadInput

Floats = NDArray[np.float64]
POSITIVE = ("yes", "1", "true", "y", "churned", "churn", "left", "exited", "positive", "1.0")
NEGATIVE = ("no", "0", "false", "n", "retained", "stayed", "active", "negative", "0.0")


def read_table(path: Path, *, need_rows: int) -> pd.DataFrame:
    """All cells as stripped text, blank cells as None. Raises BadInput for what is no readable table of `need_rows`
    rows.
    """
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise BadInput(f"The data file {str(path)!r} cannot be used.", f"It {kind}.", "Give the path of a CSV file.")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, sep=None, engine="python", encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:  # pandas' parser errors are ValueErrors
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadInput(
            f"The data file {path.name!r} is not a readable CSV table.",
            f"{reason}.",
            "Save it as UTF-8 CSV with a header row.",
        ) from error
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    if len(table) < need_rows:
        raise BadInput(
            f"The data file {path.name!r} has too few rows.",
            f"{len(table)} rows, at least {need_rows} are needed to train.",
        )
    table = table.apply(lambda column: column.astype(str).str.strip())
    filled: pd.DataFrame = table.where(table != "", None)
    return filled


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
