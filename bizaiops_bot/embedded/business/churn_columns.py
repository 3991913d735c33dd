"""What the columns of a churn file are: as people say, else found out; never one that gives the answer away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.values import Value
from bizaiops_bot.embedded.business.csv_tables import OwnFile, Written, is_number, named_like, positive_value
from bizaiops_bot.embedded.business.tells import alone

MIN_ROWS = 400
MAX_CATEGORIES = 50
MIN_PRESENT = 60
"""So many values of a feature the history needs."""
DEFAULT_CHARGES_EUR = 70.0
LEAK_AUC = 0.99
OPTION = "--churn-column"


class ColumnMapping(Value):
    """What each column of a churn file is.

    id: names a customer, None if no column does. label: left or not; `positive` is its value for "left". charges: EUR
    a month, None counts 70 EUR for everyone. features: column -> kind; every other column is left out. written: how
    the file is written.
    """

    id: str | None
    label: str
    positive: str
    charges: str | None
    features: dict[str, Literal["number", "category"]]
    written: Written = Written()

    def describe(self) -> list[tuple[str, str]]:
        """Rows to show people: role and column."""
        kinds = [(f"feature ({kind})", name) for name, kind in self.features.items()]
        charges = self.charges or f"none, {DEFAULT_CHARGES_EUR:.0f} EUR a month assumed"
        head = [("customer", self.id or "none"), ("label", f"{self.label} = {self.positive}"), ("charges", charges)]
        return [*head, *kinds]


def detect_columns(file: OwnFile, chosen: Mapping[str, str] | None = None) -> ColumnMapping:
    """chosen: role -> column, and positive -> value; the other roles are found out.

    Raises BadInput for a chosen column that cannot have its role, and when no column can be the label.
    """
    said, table = chosen or {}, file.table
    names = list(table.columns)
    label = said.get("label") or _label(file, said)
    positive = _positive(file, label, said)
    key = said.get("id") or _key(table, label, set(said.values()))
    charges = said.get("charges") or _charges(table, {label, key})
    if "charges" in said and charges not in file.unsure and not is_number(table[charges]):
        raise BadInput(f"The column {charges!r} cannot be the charges.", "It needs numbers: EUR a month.")
    features = {c: kind for c in names if c not in (label, key) and (kind := _kind(file, c)) is not None}
    return ColumnMapping(id=key, label=label, positive=positive, charges=charges, features=features)


def sure_columns(file: OwnFile, columns: ColumnMapping) -> ColumnMapping:
    """The columns, once all of their numbers could be read. Raises BadInput."""
    used = [columns.label, *([columns.charges] if columns.charges else []), *columns.features]
    file.sure([c for c in used if file.unsure.get(c, ("",))[0] == "number"], OPTION)
    unit = file.units.get(columns.charges or "", "")
    if unit not in ("", "€", "EUR"):
        file.told.append(f"the charges are in {unit}; they are counted and shown as EUR")
    return columns


def without_leaks(file: OwnFile, columns: ColumnMapping) -> ColumnMapping:
    """Without features that alone tell who left: they were filled in afterwards, or are the label again."""
    label = file.table[columns.label]
    rows = file.table[label.notna()]
    left = (label.dropna() == columns.positive).to_numpy()
    kept = {}
    for name, kind in columns.features.items():
        area = alone(rows[name], left, number=kind == "number")
        if area > LEAK_AUC:
            file.told.append(
                f"column {name!r} alone tells who left (AUC {area:.3f}): a copy of the label, or known only "
                "afterwards; left out"
            )
        else:
            kept[name] = kind
    if not kept:
        raise BadInput(
            f"{file.path.name!r} has no columns to learn from.", f"{'; '.join(file.told) or 'None is left'}."
        )
    return columns.model_copy(update={"features": kept})


def _label(file: OwnFile, said: Mapping[str, str]) -> str:
    table = file.table
    names = [name for name in table.columns if name not in said.values()]
    binary = [c for c in names if positive_value(table[c]) is not None]
    likely = named_like(binary, ("churn", "exited", "attrition", "left", "label", "target"))
    if likely:
        return likely[0]
    raise BadInput(
        f"{file.path.name!r} has no column that can be the label.",
        "It needs one with two values such as Yes/No, 1/0 or true/false and a name such as Churn.",
        f"Columns: {', '.join(map(str, names))}.",
    )


def _positive(file: OwnFile, label: str, said: Mapping[str, str]) -> str:
    """The label's value for "left"."""
    values = [str(value) for value in file.table[label].dropna().unique()]
    if len(values) != 2:
        shown = ", ".join(map(repr, values[:5]))
        raise BadInput(
            f"The column {label!r} cannot be the label.",
            f"It needs two values such as Yes/No, 1/0 or true/false; it has {len(values)}: {shown}.",
        )
    wanted = said.get("positive")
    if wanted is None:
        found = positive_value(file.table[label])
        if found is None:
            raise BadInput(
                f"The column {label!r} cannot be the label.",
                f"It needs two values such as Yes/No, 1/0 or true/false; it has {values[0]!r} and {values[1]!r}.",
                f"Say which of them means that somebody left: `{OPTION} 'positive={values[0]}'`.",
            )
        return found
    if wanted not in values:
        raise BadInput(
            f"{wanted!r} is no value of the label {label!r}.", f"Its values are {values[0]!r} and {values[1]!r}."
        )
    return wanted


def _key(table: pd.DataFrame, label: str, taken: set[str]) -> str | None:
    once = table.drop_duplicates()
    unique = [c for c in table.columns if once[c].is_unique and c != label and c not in taken]
    return next(iter(named_like(unique, ("customerid", "id", "key", "number"))), None)


def _charges(table: pd.DataFrame, taken: set[str | None]) -> str | None:
    money = [c for c in table.columns if c not in taken and is_number(table[c]) and table[c].nunique() > 10]
    usual = ("monthlycharge", "monthly", "charge", "price", "fee", "revenue", "amount")
    return next(iter(named_like(money, usual)), None)


def _kind(file: OwnFile, name: str) -> Literal["number", "category"] | None:
    if file.unsure.get(name, ("",))[0] == "number":
        return "number"  # told later, unless it is skipped
    column = file.table[name]
    distinct = column.nunique()
    if distinct < 2 and not (distinct == 1 and column.isna().any()):
        return None
    if distinct > 2 and is_number(column):
        return "number"
    return "category" if distinct <= MAX_CATEGORIES else None
