"""The local stages on any labelled set: trained on it, thresholds from validation rows, measured on test rows."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.evaluation import metrics
from bizaiops_bot.evaluation.labelled import Labelled, intents_of
from bizaiops_bot.evaluation.metrics import Judged
from bizaiops_bot.router import doubt, fitting
from bizaiops_bot.router.encoder import Encoder
from bizaiops_bot.router.fitting import Rows
from bizaiops_bot.router.head import Head

PRECISION = 0.985
LEAK = 0.02
_NAME = re.compile(r"[A-Za-z]{2,}(?:[ _./-]?[A-Za-z]+)*")
_PARTS = re.compile(r"[_./ -]+|(?<=[a-z])(?=[A-Z])")


class PublicReport(BaseModel):
    """One training and test. Shares are 0 to 1; None where the set has nothing to measure it by.

    in_scope_accuracy, oos_recall: at one threshold, chosen on the validation rows so that most of them are right (a
    sentence in scope that is refused counts as wrong). in_scope_accuracy_unrefused: when nothing is ever refused.
    coverage, precision, leak: acting only when sure enough for 98.5% precision and 2% leak on the validation rows, the
    share of in-scope sentences acted on, how many of all that are acted on are right (none that is out of scope is),
    and the share of out-of-scope ones acted on.
    ece: expected calibration error of the label's probability, in-scope rows.
    ms_p50, ms_p95: encoding and classifying one sentence, one thread. train_s: reading, encoding and fitting, wall;
    train_cpu_s: the processor's.
    """

    model_config = ConfigDict(frozen=True)

    train_rows: int
    validation_rows: int
    test_rows: int
    intents: int
    in_scope_accuracy: float | None
    in_scope_accuracy_unrefused: float | None
    oos_recall: float | None
    auroc: float | None
    coverage: float | None
    precision: float | None
    leak: float | None
    ece: float | None
    ms_p50: float
    ms_p95: float
    train_s: float
    train_cpu_s: float


@dataclass(frozen=True)
class Sets:
    """What to learn from, what to choose thresholds on (may be empty), what to measure on."""

    train: Sequence[Labelled]
    validation: Sequence[Labelled]
    test: Sequence[Labelled]


def measure(sets: Sets, encoder: Encoder) -> PublicReport:
    """Raises BadInput for a training set with fewer than two intents."""
    names = intents_of(sets.train)
    if len(names) < 2:
        raise BadInput("The training rows hold fewer than two intents.", do="An intent other than `oos` is in scope.")
    begun, cpu = time.perf_counter(), time.process_time()
    validation = _rows(sets.validation, encoder) if sets.validation else None
    head, held = fitting.train_and_judge(
        _rows(sets.train, encoder), validation=validation, names=_named(names, encoder)
    )
    train_s, train_cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    judged, took = _judge(head, sets.test, encoder)
    known = [read for read in held if read.label is not None]  # without validation rows nothing is refused
    kept = _chances(known if validation is None else fitting.read_all(head, validation), head)
    return PublicReport(
        train_rows=len(sets.train),
        validation_rows=len(sets.validation),
        test_rows=len(sets.test),
        intents=len(names),
        **_shares(kept, judged),
        ms_p50=round(float(np.quantile(took, 0.5)), 2),
        ms_p95=round(float(np.quantile(took, 0.95)), 2),
        train_s=round(train_s, 2),
        train_cpu_s=round(train_cpu_s, 2),
    )


def few(rows: Sequence[Labelled], shots: int, seed: int) -> list[Labelled]:
    """`shots` rows of each intent, drawn at random; all rows that are out of scope stay."""
    order = np.random.default_rng(seed).permutation(len(rows))
    left = dict.fromkeys(intents_of(rows), shots)
    drawn = []
    for i in order:
        label = rows[i].label
        if label is None or left[label] > 0:
            drawn.append(int(i))
        if label is not None:
            left[label] -= 1
    return [rows[i] for i in sorted(drawn)]


def _rows(rows: Sequence[Labelled], encoder: Encoder) -> Rows:
    texts = [row.text for row in rows]
    return Rows(texts, [row.label for row in rows], encoder(texts))


def _named(names: Sequence[str], encoder: Encoder) -> Rows | None:
    """What the intents are called, in words; None when their names are no words."""
    if not all(_NAME.fullmatch(name) for name in names):
        return None
    said = [" ".join(_PARTS.split(name)).lower() for name in names]
    return Rows(said, list(names), encoder(said))


def _judge(head: Head, rows: Sequence[Labelled], encoder: Encoder) -> tuple[Judged, list[float]]:
    """Each sentence on its own, as people say them, with the milliseconds it took."""
    read, took = [], []
    for row in rows:
        begun = time.perf_counter()
        reading = head.read(row.text, encoder([row.text])[0])
        choice = fitting.choose(head, reading)
        head.doubt.chances(doubt.signals(reading, choice, head.heat))
        took.append((time.perf_counter() - begun) * 1000)
        read.append(fitting.Read(head, reading, row.label))
    return _chances(read, head), took


def _chances(read: Sequence[fitting.Read], head: Head) -> Judged:
    scope, sure, p, right = [], [], [], []
    for one in read:
        choice = fitting.choose(one.head, one.reading)
        chances = head.doubt.chances(doubt.signals(one.reading, choice, head.heat))
        scope.append(chances[0])
        sure.append(chances[1])
        p.append(one.head.probabilities(one.reading, head.heat)[choice])
        right.append(one.head.labels[choice] == one.label)
    inside = np.array([one.label is not None for one in read])
    return Judged(inside, np.array(right), np.array(scope), np.array(sure), np.array(p, np.float64))


def _shares(kept: Judged, tested: Judged) -> dict[str, float | None]:
    cut, sure = metrics.scope_threshold(kept), metrics.sure_threshold(kept, PRECISION, LEAK)
    inside, outside = tested.in_scope, ~tested.in_scope
    acted = tested.sure >= sure
    return {
        "in_scope_accuracy": _share(tested.right & (tested.scope >= cut), inside),
        "in_scope_accuracy_unrefused": _share(tested.right, inside),
        "oos_recall": _share(tested.scope < cut, outside),
        "auroc": _rounded(metrics.auroc(tested)),
        "coverage": _share(acted, inside),
        "precision": _share(tested.right & inside, acted),
        "leak": _share(acted, outside),
        "ece": _rounded(metrics.calibration_error(tested.p[inside], tested.right[inside]) if inside.any() else None),
    }


def _share(what: metrics.Bools, among: metrics.Bools) -> float | None:
    return _rounded(float(what[among].mean())) if among.any() else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
