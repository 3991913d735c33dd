"""Column mappings that people set: a chosen column takes its role, the other roles are found out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bizaiops_bot.adapters.embedded import demand_csv, telco_csv
from bizaiops_bot.adapters.embedded.csv_tables import read_table, require
from bizaiops_bot.domain.errors import BadInput

# role -> the name under which detection finds it at once
CHURN_ROLES = {"id": "customerid", "label": "churn", "charges": "monthlycharges"}
DEMAND_ROLES = {"date": "date", "value": "value", "series": "series", "price": "price"}
SKIP = "skip"


def churn_columns(path: Path, chosen: Mapping[str, str]) -> telco_csv.ColumnMapping:
    """chosen: role (id, label, charges) -> column, and skip -> columns to leave out, separated by commas.

    Raises BadInput for an unknown role or column, and for a label without two values.
    """
    table, back = _prepared(path, chosen, CHURN_ROLES, telco_csv.MIN_ROWS)
    found = telco_csv.detect_columns(table, path.name)
    if "label" in chosen and back(found.label) != chosen["label"]:
        raise BadInput(
            f"The column {chosen['label']!r} cannot be the label.",
            "It needs two values such as Yes/No, 1/0 or true/false.",
        )
    return found.model_copy(
        update={
            "id": back(found.id),
            "label": back(found.label),
            "charges": back(found.charges),
            "features": {str(back(name)): kind for name, kind in found.features.items()},
        }
    )


def demand_columns(path: Path, chosen: Mapping[str, str]) -> demand_csv.SeriesMapping:
    """chosen: role (date, value, series, price) -> column, and skip -> columns to leave out.

    Raises BadInput as `churn_columns`.
    """
    table, back = _prepared(path, chosen, DEMAND_ROLES, demand_csv.MIN_ROWS)
    found = demand_csv.detect_columns(table, path.name)
    for role in ("date", "value"):
        if role in chosen and back(getattr(found, role)) != chosen[role]:
            needs = "dates such as 2026-01-31" if role == "date" else "numbers"
            raise BadInput(f"The column {chosen[role]!r} cannot be the {role}.", f"It needs {needs}.")
    return found.model_copy(
        update={
            **{role: back(getattr(found, role)) for role in ("date", "value", "series", "price")},
            "extras": {str(back(name)): kind for name, kind in found.extras.items()},
        }
    )


class _Back:
    """Names as the file has them."""

    def __init__(self, renamed: Mapping[str, str]) -> None:
        self._original = {new: old for old, new in renamed.items()}

    def __call__(self, name: str | None) -> str | None:
        return None if name is None else self._original.get(name, name)


def _prepared(
    path: Path, chosen: Mapping[str, str], roles: Mapping[str, str], need_rows: int
) -> tuple[pd.DataFrame, _Back]:
    """The table with chosen columns under the names detection looks for, and the way back."""
    for role in chosen:
        if role not in roles and role != SKIP:
            near = difflib.get_close_matches(role, [*roles, SKIP], n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Roles: {', '.join(roles)}, {SKIP}."
            raise BadInput(f"{role!r} is no role of a column.", do=hint)
    table = read_table(path, need_rows=need_rows)
    skipped = [name.strip() for name in chosen.get(SKIP, "").split(",") if name.strip()]
    wanted = {column: roles[role] for role, column in chosen.items() if role != SKIP}
    require(table, [*wanted, *skipped], path)
    table = table.drop(columns=skipped)
    taken = set(wanted.values())
    others = {c: f"{c} (other)" for c in table.columns if c.lower() in taken and c not in wanted}
    renamed = {**others, **wanted}
    return table.rename(columns=renamed), _Back(renamed)
