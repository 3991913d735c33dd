"""The churn stream on real customers: IBM's Telco-Customer-Churn.csv, or any table of customers with a yes/no label.

Get it from IBM/telco-customer-churn-on-icp4d on GitHub (data/Telco-Customer-Churn.csv, Apache-2.0, 7,043 customers).
The rows are split once: one part makes the history and trains the models, the other is drawn from, with replacement,
as live requests. What an offer does and what a "concept" shift turns around cannot be read from such a table; both are
simulated on the real labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.domain.builds import Buildable
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.embedded.business.churn_columns import (
    DEFAULT_CHARGES_EUR,
    MIN_PRESENT,
    MIN_ROWS,
    ColumnMapping,
    detect_columns,
    sure_columns,
    without_leaks,
)
from bizaiops_bot.embedded.business.csv_tables import OwnFile, numbers, read_table, require, text, without_repeats
from bizaiops_bot.embedded.business.offers import (
    TERMS,
    VALUE_NAME,
    VALUE_UNIT,
    RetentionTerms,
    late,
    retention_outcome,
)
from bizaiops_bot.embedded.business.streams import Feature, Shift

Floats = NDArray[np.float64]

MIN_LEAVERS = 60
WEEKDAY_RATE = np.array([1.15, 1.08, 1.03, 1.0, 1.04, 0.87, 0.85])
BLANK_SHARE = 0.35


INFO = ModelSpec(
    name="churn",
    title="Customer churn (real customers)",
    task="classification",
    aliases=("customer churn", "churn model", "retention"),
    owner="customer care",
)


@dataclass
class TelcoStream:
    """`Stream` on the rows of a file.

    path: the CSV. seed: picks the split and the simulated part. mapping: None detects it; read `columns` to see what
    was found, and `told` for what was left out of the file.
    train_share: share of customers that make history; the others are the live stream.
    Raises BadInput for a file that cannot be used.
    """

    path: Path
    seed: int
    mapping: ColumnMapping | None = None
    terms: RetentionTerms = TERMS
    train_share: float = 0.6
    label_median_s: float = 360.0
    label_p95_s: float = 900.0
    info: ModelSpec = INFO
    value_name: str = VALUE_NAME
    value_unit: str = VALUE_UNIT
    features: tuple[Feature, ...] = field(init=False)
    leaks: tuple[str, ...] = field(init=False)
    columns: ColumnMapping = field(init=False)
    told: list[str] = field(init=False)
    _customers: pd.DataFrame = field(init=False, repr=False, compare=False)
    _parts: dict[str, NDArray[np.int64]] = field(init=False, repr=False, compare=False)
    _slopes: dict[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        chosen = self.mapping
        file = read_table(self.path, need_rows=MIN_ROWS, written=chosen.written if chosen else None)
        self.columns = chosen or detect_columns(file)
        named = [self.columns.label, self.columns.id, self.columns.charges, *self.columns.features]
        require(file.table, [name for name in named if name is not None], self.path)
        if self.columns.id is not None:
            file = replace(file, table=without_repeats(file, [self.columns.id]))
        self.columns = without_leaks(file, sure_columns(file, self.columns))
        self._customers = self._read(file)
        order = np.random.default_rng(self.seed).permutation(len(self._customers))
        cut = int(len(order) * self.train_share)
        self._parts = {"history": order[:cut], "live": order[cut:]}
        self._leave_out_sparse(file)
        self.features = tuple(Feature(name, kind) for name, kind in self.columns.features.items())
        self._slopes = self._add_risk()
        self.told = file.told
        usual = [f.name for f in self.features if f.kind == "number" and f.name != self.columns.charges]
        self.leaks = tuple(usual[-1:]) or ((self.columns.charges,) if self.columns.charges else ())

    @property
    def threshold(self) -> float | None:
        """Score from which an offer is made."""
        return self.terms.threshold

    def history(self, rng: np.random.Generator, start: datetime, end: datetime, rows: int) -> pd.DataFrame:
        """See `Stream.history`. `_unit` names the customer: with more rows than customers the same one comes again."""
        step = (end - start) / max(1, rows)
        times = pd.DatetimeIndex([start + step * i for i in range(rows)])
        picked = self._pick(rng, "history", times.weekday.to_numpy(), risky=False)
        frame = self._customers.iloc[picked].reset_index(drop=True)
        frame["label"] = frame["_label"]
        frame["at"] = times
        return frame

    def draw(self, rng: np.random.Generator, rows: int, at: datetime, shift: Shift) -> pd.DataFrame:
        """See `Stream.draw`; real customers of the live part. Hidden: `_label`, `_charges`, `_unit`, `_risk`,
        `_luck`.
        """
        picked = self._pick(rng, "live", np.full(rows, at.weekday()), risky=shift.covariate)
        frame = self._customers.iloc[picked].reset_index(drop=True)
        if shift.concept:
            frame["_label"] = _turned(frame)
        if shift.covariate:
            self._move(frame)
        return _blank(rng, frame, self._blanked()) if shift.missing else frame

    def outcome(self, rng: np.random.Generator, rows: pd.DataFrame, scores: Floats, shift: Shift) -> pd.DataFrame:
        """See `Stream.outcome`; measures: churned, revenue_at_risk, retention_cost, offers, revenue."""
        leaving, charges = rows["_label"].to_numpy(), rows["_charges"].to_numpy()
        return retention_outcome(rng, leaving, charges, scores, rows.index, self.terms)

    def label_delay_s(self, rng: np.random.Generator, rows: int) -> Floats:
        """See `Stream.label_delay_s`."""
        return late(rng, rows, self.label_median_s, self.label_p95_s)

    def buildable(self) -> list[Buildable]:
        """See `Stream.buildable`."""
        leak = f", {self.leaks[0]} taken from the new warehouse table" if self.leaks else ""
        return [
            Buildable(model="churn", version="v1", summary="logistic regression, the baseline in production"),
            Buildable(
                model="churn", version="v2", summary=f"gradient boosting on the same {len(self.features)} columns"
            ),
            Buildable(model="churn", version="v3", summary=f"gradient boosting{leak}"),
        ]

    def _read(self, file: OwnFile) -> pd.DataFrame:
        label = file.table[self.columns.label]
        table = file.table[label.notna()]
        if len(table) < len(label):
            file.told.append(f"{len(label) - len(table)} rows without a label are left out")
        file.enough(len(table), MIN_ROWS)
        left = (label.dropna() == self.columns.positive).to_numpy(dtype=np.float64)
        few = min(left.sum(), len(left) - left.sum())
        if few < MIN_LEAVERS:
            raise BadInput(
                f"{self.path.name!r} cannot train a churn model.",
                f"Column {self.columns.label!r} is {self.columns.positive!r} in {int(left.sum())} of {len(left)} rows; "
                f"at least {MIN_LEAVERS} customers who left and {MIN_LEAVERS} who stayed are needed.",
            )
        kinds = self.columns.features.items()
        frame = pd.DataFrame({c: numbers(table[c]) if kind == "number" else text(table[c]) for c, kind in kinds})
        paid = (
            numbers(table[self.columns.charges]) if self.columns.charges else np.full(len(table), DEFAULT_CHARGES_EUR)
        )
        frame["_charges"] = np.where(np.isnan(paid), np.nanmedian(paid), paid)
        frame["_label"] = left
        frame["_unit"] = np.arange(len(frame))
        frame["_luck"] = np.random.default_rng(self.seed + 1).random(len(frame))
        return frame

    def _leave_out_sparse(self, file: OwnFile) -> None:
        """Takes out features with too few values in the history to compare live ones with."""
        present = self._customers.iloc[self._parts["history"]].notna().sum()
        sparse = [name for name in self.columns.features if present[name] < MIN_PRESENT]
        file.told.extend(f"column {name!r} is blank in nearly all rows, left out" for name in sparse)
        kept = {name: kind for name, kind in self.columns.features.items() if name not in sparse}
        self.columns = self.columns.model_copy(update={"features": kept})

    def _add_risk(self) -> dict[str, float]:
        """Adds `_risk`: how much a customer looks like those who leave, mean 0, sd 1. Returns the direction of each
        number.
        """
        label, slopes = self._customers["_label"], {}
        total = np.zeros(len(label))
        for feature in self.features:
            values = self._customers[feature.name]
            if feature.kind == "number":
                slopes[feature.name] = float(np.nan_to_num(values.corr(label)))
                ranked = values.rank(pct=True).fillna(0.5).to_numpy() - 0.5
                total += slopes[feature.name] * 2 * ranked
            else:
                rates = label.groupby(values.fillna("")).transform("mean").to_numpy()
                total += rates - label.mean()
        self._customers["_risk"] = (total - total.mean()) / (total.std() or 1.0)
        return slopes

    def _pick(
        self, rng: np.random.Generator, part: str, weekday: NDArray[np.int64], *, risky: bool
    ) -> NDArray[np.int64]:
        """Positions of customers. Slightly more leavers early in the week; every customer once before one comes again.

        risky: customers who look like leavers (for IBM's file: monthly contract, fibre, short tenure) are called up
        far more often.
        """
        members = self._parts[part]
        left = self._customers["_label"].to_numpy()[members] > 0
        rate = np.clip(left.mean() * WEEKDAY_RATE[weekday], 0.0, 1.0)
        if risky:
            weight = np.exp(1.1 * self._customers["_risk"].to_numpy()[members])
            return np.asarray(rng.choice(members, len(weekday), p=weight / weight.sum()))
        leaver = rng.random(len(weekday)) < rate
        picked = np.empty(len(weekday), dtype=np.int64)
        picked[leaver] = _cycle(rng, members[left], int(leaver.sum()))
        picked[~leaver] = _cycle(rng, members[~left], int((~leaver).sum()))
        return picked

    def _move(self, frame: pd.DataFrame) -> None:
        """Numbers move 0.4 sd the way that leavers have them, within what the file has; the same for a customer each
        time.
        """
        for feature in self.features:
            slope = self._slopes.get(feature.name, 0.0)
            if feature.kind == "number" and abs(slope) >= 0.05:
                known = self._customers[feature.name]
                moved = frame[feature.name] + np.sign(slope) * 0.4 * known.std()
                frame[feature.name] = moved.clip(known.min(), known.max())

    def _blanked(self) -> list[str]:
        """The strongest number and the first category of few values: what is blanked by the missing-values fault."""
        strongest = sorted(self._slopes, key=lambda name: -abs(self._slopes[name]))[:1]
        kinds = [f.name for f in self.features if f.kind == "category" and self._customers[f.name].nunique() > 2]
        return [*strongest, *kinds[: 2 - len(strongest)]]


def _turned(frame: pd.DataFrame) -> Floats:
    """Labels in a turned market: 45% of those who looked safe leave, 60% of the typical leavers stay; who is fixed
    by `_luck`.
    """
    label, risk, luck = (frame[name].to_numpy() for name in ("_label", "_risk", "_luck"))
    return np.where(risk < -0.3, np.maximum(label, luck < 0.45), np.where(luck < 0.6, 0.0, label))


def _cycle(rng: np.random.Generator, members: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    rounds = -(-n // max(1, len(members)))
    if rounds <= 1:
        return rng.choice(members, n, replace=False)
    return np.concatenate([rng.permutation(members) for _ in range(rounds)])[:n]


def _blank(rng: np.random.Generator, frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    for name in names:
        lost = rng.random(len(frame)) < BLANK_SHARE
        frame.loc[lost, name] = None if frame[name].dtype == object else np.nan
    return frame
