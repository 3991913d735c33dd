"""Column mappings that people set: a chosen column takes its role or is refused, the other roles are found out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.embedded.business import churn_columns as churn
from bizaiops_bot.embedded.business import demand_columns as demand
from bizaiops_bot.embedded.business.csv_dates import Order
from bizaiops_bot.embedded.business.csv_files import DELIMITERS
from bizaiops_bot.embedded.business.csv_numbers import Mark
from bizaiops_bot.embedded.business.csv_tables import OwnFile, Written, read_table, require

CHURN_ROLES = ("id", "label", "charges", "positive")
DEMAND_ROLES = ("date", "value", "series", "price")
SKIP = "skip"
NO_COLUMNS = {
    "positive": (),
    "decimal": ("point", "comma"),
    "dates": ("day-first", "month-first"),
    "delimiter": tuple(DELIMITERS.values()),
}
"""Roles that name no column, and the values they may have; () for any."""


def churn_columns(path: Path, chosen: Mapping[str, str]) -> churn.ColumnMapping:
    """chosen: role (id, label, charges) -> column; positive -> the label's value for "left"; decimal -> point or comma;
    delimiter -> its name; skip -> columns to leave out, separated by commas.

    Raises BadInput for an unknown role or column, and for a column that cannot have its role.
    """
    file, said = _prepared(path, chosen, (*CHURN_ROLES, "decimal", "delimiter"), churn.MIN_ROWS)
    return churn.detect_columns(file, said).model_copy(update={"written": _written(chosen)})


def demand_columns(path: Path, chosen: Mapping[str, str]) -> demand.SeriesMapping:
    """chosen: role (date, value, series, price) -> column; dates -> day-first or month-first; the others as for
    `churn_columns`.

    Raises BadInput as `churn_columns`.
    """
    file, said = _prepared(path, chosen, (*DEMAND_ROLES, "decimal", "dates", "delimiter"), demand.MIN_ROWS)
    return demand.detect_columns(file, said).model_copy(update={"written": _written(chosen)})


def _written(chosen: Mapping[str, str]) -> Written:
    decimal, dates = cast("Mark", chosen.get("decimal", "")), cast("Order", chosen.get("dates", ""))
    return Written(decimal, dates, chosen.get("delimiter", ""))


def _prepared(
    path: Path, chosen: Mapping[str, str], roles: tuple[str, ...], need_rows: int
) -> tuple[OwnFile, dict[str, str]]:
    """The file without skipped columns, and the roles with a column or the label's value."""
    for role, said in chosen.items():
        if role not in roles and role != SKIP:
            near = difflib.get_close_matches(role, [*roles, SKIP], n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Roles: {', '.join(roles)}, {SKIP}."
            raise BadInput(f"{role!r} is no role of a column.", do=hint)
        if (values := NO_COLUMNS.get(role, ())) and said not in values:
            raise BadInput(f"{role}={said} is not possible.", do=f"Say {role}={' or '.join(values)}.")
    file = read_table(path, need_rows=need_rows, written=_written(chosen))
    wanted = {role: " ".join(column.split()) for role, column in chosen.items() if role in roles}
    columns = [column for role, column in wanted.items() if role not in NO_COLUMNS]
    skipped = [" ".join(name.split()) for name in _listed(chosen.get(SKIP, ""), list(file.table.columns))]
    require(file.table, [*columns, *skipped], path)
    twice = next((c for c in columns if columns.count(c) > 1 or c in skipped), None)
    if twice is not None:
        raise BadInput(f"The column {twice!r} cannot have two roles.", do="Give each role a column of its own.")
    meant = {role: column for role, column in wanted.items() if role == "positive" or role not in NO_COLUMNS}
    return replace(file, table=file.table.drop(columns=skipped)), meant


def _listed(said: str, names: list[str]) -> list[str]:
    """Columns parted by commas; a name may hold one itself."""
    if said.strip() in names:
        return [said.strip()]
    return [name.strip() for name in said.split(",") if name.strip()]
