"""What the columns of a demand file are: as people say, else found out; never one that gives the answer away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.values import Value
from bizaiops_bot.embedded.business.csv_tables import OwnFile, Written, is_number, named_like, numbers

MIN_ROWS = 300
MAX_CATEGORIES = 50
MIN_PRESENT = 60
"""So many values of a further column the history needs."""
DEFAULT_PRICE_EUR = 5.0
LEAK_CORRELATION = 0.99
OPTION = "--demand-column"


class SeriesMapping(Value):
    """What each column of a demand file is.

    date: when. value: how many were wanted or sold. series: which shop or item, None for a single series. price: EUR a
    unit, None counts 5 EUR. extras: further columns known beforehand -> kind. written: how the file is
    written.
    """

    date: str
    value: str
    series: str | None
    price: str | None
    extras: dict[str, Literal["number", "category"]]
    written: Written = Written()

    def describe(self) -> list[tuple[str, str]]:
        """Rows to show people: role and column."""
        price = self.price or f"none, {DEFAULT_PRICE_EUR:.0f} EUR a unit assumed"
        head = [("date", self.date), ("value", self.value), ("series", self.series or "one series"), ("price", price)]
        return [*head, *((f"extra ({kind})", name) for name, kind in self.extras.items())]


def detect_columns(file: OwnFile, chosen: Mapping[str, str] | None = None) -> SeriesMapping:
    """chosen: role -> column; the other roles are found out.

    Raises BadInput for a chosen column that cannot have its role, and when there is no date or no value.
    """
    said, table = chosen or {}, file.table
    date = said.get("date") or _date(file, set(said.values()))
    file.sure([date], OPTION)
    if _share_of_dates(table[date]) < 0.95:
        raise BadInput(f"The column {date!r} cannot be the date.", "It needs dates such as 2026-01-31.")
    value = said.get("value") or _value(file, {date, *said.values()})
    for role, column in (("value", value), ("price", said.get("price"))):
        if column and column not in file.unsure and not is_number(table[column]):
            raise BadInput(f"The column {column!r} cannot be the {role}.", "It needs numbers.")
    rest = [c for c in table.columns if c not in (date, value)]
    series = said.get("series") or _series(table, date, [c for c in rest if c not in said.values()])
    price = said.get("price") or next(iter(named_like([c for c in rest if is_number(table[c])], ("price",))), None)
    extras = {c: kind for c in rest if c != series and (kind := _kind(file, c)) is not None}
    return SeriesMapping(date=date, value=value, series=series, price=price, extras=extras)


def sure_columns(file: OwnFile, columns: SeriesMapping) -> SeriesMapping:
    """The columns, once all of their numbers and dates could be read. Raises BadInput."""
    file.sure([columns.date, columns.value, *([columns.price] if columns.price else []), *columns.extras], OPTION)
    unit = file.units.get(columns.price or "", "")
    if unit not in ("", "€", "EUR"):
        file.told.append(f"the prices are in {unit}; they are counted and shown as EUR")
    return columns


def without_leaks(file: OwnFile, columns: SeriesMapping) -> SeriesMapping:
    """Without columns that are the value again, by rank: they are not known beforehand."""
    value = pd.Series(numbers(file.table[columns.value])).rank()
    kept = {}
    for name, kind in columns.extras.items():
        same = value.corr(pd.Series(numbers(file.table[name])).rank()) if kind == "number" else 0.0
        if abs(same) > LEAK_CORRELATION:
            file.told.append(
                f"column {name!r} alone tells {columns.value!r} (rank correlation {same:.3f}): a copy of it, or known "
                "only afterwards; left out"
            )
        else:
            kept[name] = kind
    return columns.model_copy(update={"extras": kept})


def times(column: pd.Series) -> pd.Series:
    """The ISO dates of a column that was read, in UTC."""
    return pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")


def _share_of_dates(column: pd.Series) -> float:
    filled = column.dropna()
    plain = filled[filled.str.contains("-", regex=False)]  # not the numbers that a year or a day would be
    return float(times(plain).notna().sum() / max(len(filled), 1))


def _date(file: OwnFile, taken: set[str]) -> str:
    table = file.table
    names = [c for c in table.columns if c not in taken]
    unclear = [c for c in names if file.unsure.get(c, ("",))[0] == "date"]
    found = [c for c in names if c in unclear or (not is_number(table[c]) and _share_of_dates(table[c]) >= 0.95)]
    if not found:
        raise BadInput(
            f"{file.path.name!r} has no date column.",
            "Dates such as 2026-01-31 are needed.",
            f"Columns: {', '.join(map(str, table.columns))}.",
        )
    return next(iter(named_like(found, ("date", "time", "day", "ds"))), found[0])


def _value(file: OwnFile, taken: set[str]) -> str:
    table = file.table
    unclear = [c for c in table.columns if file.unsure.get(c, ("",))[0] == "number"]
    free = [c for c in table.columns if c not in taken]
    values = [c for c in free if c in unclear or (is_number(table[c]) and table[c].nunique() > 2)]
    usual = ("value", "demand", "sales", "quantity", "units", "count", "sold", "qty", "target")
    found = next(iter(named_like(values, usual)), "y" if "y" in values else (values[-1] if values else None))
    if found is None:
        names = ", ".join(map(str, table.columns))
        raise BadInput(f"{file.path.name!r} has no column of numbers to forecast.", do=f"Columns: {names}.")
    return found


def _series(table: pd.DataFrame, date: str, names: list[str]) -> str | None:
    once = table.drop_duplicates()
    grouped = [
        c for c in names if once.groupby(c)[date].nunique().median() >= 20 and not once.duplicated([c, date]).any()
    ]
    found = next(iter(named_like(grouped, ("series", "store", "item", "sku", "product", "shop", "id"))), None)
    return found or (next(iter(grouped), None) if once[date].duplicated().any() else None)


def _kind(file: OwnFile, name: str) -> Literal["number", "category"] | None:
    if file.unsure.get(name, ("",))[0] == "number":
        return "number"  # told later, unless it is skipped
    column = file.table[name]
    if column.nunique() < 2:
        return None
    if is_number(column):
        return "number"
    return "category" if column.nunique() <= MAX_CATEGORIES else None
