"""What a model of the embedded company is made of: a stream of requests, and what then really happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from bizaiops_bot.domain.builds import Buildable
from bizaiops_bot.domain.models import ModelSpec


@dataclass(frozen=True)
class Feature:
    """One input column of a model.

    monitored: False for calendar columns: all requests of one hour share them, so comparing them with the whole history
    always alarms.
    """

    name: str
    kind: Literal["number", "category"]
    monitored: bool = True


@dataclass(frozen=True)
class Shift:
    """How the outside has changed: covariate moves the inputs, concept moves what they mean, missing blanks some
    columns.
    """

    covariate: bool = False
    concept: bool = False
    missing: bool = False


CALM = Shift()


class Stream(Protocol):
    """Requests of one model. Rows hold the feature columns, plus hidden ones whose names begin with an underscore.

    A model sees the feature columns only; the hidden ones decide what happens.
    """

    info: ModelSpec
    features: tuple[Feature, ...]
    value_name: str
    value_unit: str

    def history(self, rng: np.random.Generator, start: datetime, end: datetime, rows: int) -> pd.DataFrame:
        """`rows` rows evenly over [start, end): features, `label` (float) and `at` (UTC), sorted by `at`."""

    def draw(self, rng: np.random.Generator, rows: int, at: datetime, shift: Shift) -> pd.DataFrame:
        """`rows` requests arriving at `at`: features and hidden columns, no label."""

    def outcome(self, rng: np.random.Generator, rows: pd.DataFrame, scores: np.ndarray, shift: Shift) -> pd.DataFrame:
        """What happens after the model answered `scores` (probability, or forecast units) for `rows`; same index.

        Columns: `label` (float), `value` (business value in value_unit, higher is better) and the KPI measures
        (floats).
        """

    def label_delay_s(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        """Seconds until each outcome is known, shape (rows,)."""

    def buildable(self) -> list[Buildable]:
        """The versions that can be built at the start, v1 (in production) first."""
