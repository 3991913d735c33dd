"""How often the canary's judge is wrong: whole simulated rollouts, with a look every minute, against `assess_canary`.

`python -m tools.bench_canary` prints what is "now" in the tables of docs/explanation/drift-and-verdicts.md, in some
minutes of processor time; `--runs 40` is quicker and rougher.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bizaiops_bot.domain.canary import assess_canary
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.monitoring import ArmSample, Outcome
from bizaiops_bot.embedded.life.minutes import LATENCY_EDGES_MS

Ints = NDArray[np.int64]
HOLD_MIN = 30
EXTENDED = 3
LABELLED = 0.5
NORMAL = NormalDist()


@dataclass(frozen=True)
class Harm:
    """What is different for the canary; the defaults are no harm at all. rho: correlation of errors in a minute."""

    errors: float = 0.005
    more_errors: float = 0.0
    pace: float = 1.0
    psi: float = 0.0
    value: float = 1.0
    value_cv: float = 1.4
    rho: float = 0.0
    daily: bool = False
    lost: float = 0.0


@dataclass(frozen=True)
class Size:
    """Requests of both arms over the hold, and the canary's percent of them."""

    total: int
    share: int

    def __str__(self) -> str:
        return f"{self.total:,} / {self.share}%"


@dataclass(frozen=True)
class Arm:
    """Everything that happened to one arm, summed up to each minute."""

    version: str
    requests: Ints
    errors: Ints
    latency: Ints
    scores: Ints
    value: NDArray[np.float64]
    minutes: tuple[tuple[int, int], ...]

    def sample(self, minute: int) -> ArmSample:
        """The arm after `minute` minutes, counted from 1."""
        at = minute - 1
        n, total, squares = self.value[at]
        return ArmSample.model_construct(
            version=self.version,
            requests=int(self.requests[at]),
            errors=int(self.errors[at]),
            latency=Histogram(edges_ms=LATENCY_EDGES_MS, counts=tuple(self.latency[at].tolist())),
            score_counts=tuple(self.scores[at].tolist()),
            expected_score_shares=(0.1,) * 10,
            value_n=int(n),
            value_sum=float(total),
            value_sumsq=float(squares),
            value_name="revenue",
            value_unit="EUR",
            by_minute=self.minutes[:minute],
        )


def rollout(rng: np.random.Generator, size: Size, harm: Harm) -> tuple[Outcome, int]:
    """How one rollout ends and after how many minutes; INCONCLUSIVE means that a person is asked."""
    per_minute = size.total / HOLD_MIN
    swing = np.sin(np.linspace(0.0, np.pi, EXTENDED * HOLD_MIN)) if harm.daily else np.zeros(EXTENDED * HOLD_MIN)
    rate, share = per_minute * (1.0 + 0.6 * swing), size.share / 100.0
    usual = replace(harm, more_errors=0.0, pace=1.0, psi=0.0, value=1.0)
    stable = arm_of(rng, "v1", rng.poisson(rate * (1.0 - share)), usual, swing)
    canary = arm_of(rng, "v2", rng.poisson(rate * share * (1.0 - harm.lost)), harm, swing)
    for ends, start, end in ((1, 1, HOLD_MIN), (2, HOLD_MIN + 1, EXTENDED * HOLD_MIN)):
        for minute in range(start, end + 1):
            if not canary.requests[minute - 1]:
                continue
            verdict = assess_canary(
                stable.sample(minute), canary.sample(minute), final=minute == end, ends=2, share=size.share
            )
            if verdict.outcome is Outcome.FAILED or (minute == end and (verdict.ok or ends == 2)):
                return verdict.outcome, minute
    return Outcome.INCONCLUSIVE, EXTENDED * HOLD_MIN


def arm_of(rng: np.random.Generator, version: str, n: Ints, harm: Harm, swing: NDArray[np.float64]) -> Arm:
    rate = harm.errors * (1.0 + 2.0 * swing) + harm.more_errors
    if harm.rho:
        rate = rng.beta(rate * (1 / harm.rho - 1), (1 - rate) * (1 / harm.rho - 1))
    errors = rng.binomial(n, rate)
    slower = [_latency_shares(harm.pace * (1.0 + 0.5 * s)) for s in (swing if harm.daily else swing[:1])]
    latency = rng.multinomial(n, np.stack(slower))
    scores = rng.multinomial(n, _score_shares(harm.psi))
    shape, labels = 1.0 / harm.value_cv**2, (n * LABELLED).astype(int)
    values = harm.value * rng.gamma(shape, 1.0 / shape, int(labels.sum()))
    ends = np.cumsum(labels)
    sums = (np.concatenate([[0.0], np.cumsum(x)])[ends] for x in (values, values**2))
    minutes = tuple(zip(n.tolist(), errors.tolist(), strict=True))
    counted = [np.cumsum(x, axis=0) for x in (n, errors, latency, scores)]
    return Arm(version, *counted, np.stack([ends.astype(float), *sums], axis=1), minutes)


def _latency_shares(pace: float) -> NDArray[np.float64]:
    """Shares of the bins of a lognormal with a median of 40 ms and a p95 of 77 ms, times `pace`."""
    under = [NORMAL.cdf(math.log(edge / (40.0 * pace)) / 0.4) for edge in LATENCY_EDGES_MS]
    return np.diff([0.0, *under, 1.0])


def _score_shares(psi: float) -> NDArray[np.float64]:
    """Shares of ten bins, tilted until their PSI against equal ones is `psi`."""
    low, high, line = 0.0, 0.99, np.linspace(-1.0, 1.0, 10)
    for _ in range(40):
        tilt = (low + high) / 2.0
        shares = 0.1 * (1.0 + tilt * line)
        low, high = (tilt, high) if ((shares - 0.1) * np.log(shares / 0.1)).sum() < psi else (low, tilt)
    return shares / shares.sum()


SIZES = (Size(3_000, 10), Size(10_800, 10), Size(30_000, 1), Size(30_000, 10), Size(30_000, 50))
NULLS = {
    "no harm, errors 0.5%": Harm(),
    "no harm, errors 0.15% (the demo's)": Harm(errors=0.0015),
    "errors in clusters, rho 0.01 a minute and arm": Harm(rho=0.01),
    "a daily swing: traffic x1.6, errors x3, latency x1.5": Harm(daily=True),
    "value varies more, cv 8": Harm(value_cv=8.0),
}
HARMS = {
    "errors +1 point (the limit)": Harm(more_errors=0.01),
    "errors +2 points": Harm(more_errors=0.02),
    "p95 x1.5 (the limit)": Harm(pace=1.5),
    "p95 x2": Harm(pace=2.0),
    "score PSI 0.25 (the limit)": Harm(psi=0.25),
    "score PSI 0.5": Harm(psi=0.5),
    "value -10% (the limit), cv 1.4": Harm(value=0.9),
    "value -30%, cv 1.4": Harm(value=0.7),
    "value -30%, cv 8": Harm(value=0.7, value_cv=8.0),
    "half of its requests lost": Harm(lost=0.5),
    "both fail 1 of 10 requests": Harm(errors=0.1),
}


def cell(size: Size, harm: Harm, runs: int) -> str:
    """failed / a person is asked / successful, in % of `runs` rollouts, and of these how many needed no extension."""
    ends = [rollout(np.random.default_rng([17, seed]), size, harm) for seed in range(runs)]
    counted = Counter(outcome for outcome, _ in ends)
    shares = [100.0 * counted[outcome] / runs for outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.SUCCESSFUL)]
    quick = sum(outcome is Outcome.SUCCESSFUL and minute <= HOLD_MIN for outcome, minute in ends)
    at_once = f" ({100.0 * quick / runs:.0f})" if counted[Outcome.SUCCESSFUL] else ""
    return " / ".join(f"{share:.0f}" if share >= 1 or not share else f"{share:.1f}" for share in shares) + at_once


def table(rows: dict[str, Harm], runs: int) -> str:
    """Markdown; one line a kind of rollout, one column a size."""
    lines = [f"| {runs} rollouts a cell | {' | '.join(map(str, SIZES))} |", "| --- |" + " ---: |" * len(SIZES)]
    for name, harm in rows.items():
        lines.append(f"| {name} | {' | '.join(cell(size, harm, runs) for size in SIZES)} |")
        print(lines[-1], file=sys.stderr)
    return "\n".join(lines)


def main() -> None:
    """Prints both tables and what they took."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=200, help="rollouts of each cell without harm; half with harm")
    runs = options.parse_args().runs
    began = time.process_time()
    print(f"failed / asked / successful (without extension), %\n\n{table(NULLS, runs)}\n\n{table(HARMS, runs // 2)}")
    print(f"\n{time.process_time() - began:.0f} s of processor time")


if __name__ == "__main__":
    main()
