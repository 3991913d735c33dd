"""How often a rollout in steps, and an A/B test, end wrongly: whole simulated ones, looked at as the bot looks.

`python -m tools.bench_rollouts` prints the tables of docs/explanation/drift-and-verdicts.md, in some minutes of
processor time; `--runs 100` is quicker and rougher.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np

from bizaiops_bot.domain.ab_test import AbSight, AbTest, compare
from bizaiops_bot.domain.canary import assess_canary
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import Outcome, ValueArm
from tools.bench_canary import EXTENDED, HOLD_MIN, Harm, Size, arm_of

SHARES = (5, 25, 50)
PER_MINUTE = 360
BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=14)
LOOKS = 100
STEPS = {
    "no harm, errors 0.5%": Harm(),
    "no harm, errors 0.15% (the demo's)": Harm(errors=0.0015),
    "errors in clusters, rho 0.01 a minute and arm": Harm(rho=0.01),
    "errors +1 point (the limit)": Harm(more_errors=0.01),
    "errors +2 points": Harm(more_errors=0.02),
    "p95 x2": Harm(pace=2.0),
    "score PSI 0.5": Harm(psi=0.5),
    "half of its requests lost": Harm(lost=0.5),
}
TESTS = {
    "no difference, cv 1.4": (0.0, 1.4),
    "no difference, cv 8": (0.0, 8.0),
    "+5%, cv 1.4": (0.05, 1.4),
    "+10%, cv 1.4": (0.1, 1.4),
    "+20%, cv 1.4": (0.2, 1.4),
    "-10%, cv 1.4": (-0.1, 1.4),
    "-20%, cv 1.4": (-0.2, 1.4),
    "-30%, cv 8": (-0.3, 8.0),
}


def in_steps(rng: np.random.Generator, harm: Harm) -> tuple[str, int]:
    """How a rollout in steps ends ("failed", "asked", "released"), and the share that it had then."""
    for number, share in enumerate(SHARES, 1):
        ended = _step(rng, Stage(number=number, of=len(SHARES), share=share), harm)
        if ended != "goes on":
            return ended, share
    return "released", 100


def _step(rng: np.random.Generator, stage: Stage, harm: Harm) -> str:
    judge = stage.shared(JudgeSpec())
    size = Size(PER_MINUTE * HOLD_MIN, stage.share)
    minutes, share = EXTENDED * HOLD_MIN, size.share / 100.0
    still = np.zeros(minutes)
    usual = Harm(errors=harm.errors, rho=harm.rho, value_cv=harm.value_cv)
    stable = arm_of(rng, "v1", rng.poisson(PER_MINUTE * (1.0 - share), minutes), usual, still)
    canary = arm_of(rng, "v2", rng.poisson(PER_MINUTE * share * (1.0 - harm.lost), minutes), harm, still)
    for minute in range(1, minutes + 1):
        final = minute in (HOLD_MIN, minutes)
        arms = stable.sample(minute), canary.sample(minute)
        verdict = assess_canary(*arms, judge.limits, final=final, ends=2, share=stage.share)
        if verdict.outcome is Outcome.FAILED:
            return "failed"
        if final and (verdict.ok or (stage.on_the_way and stage.suffices(verdict, judge))):
            return "goes on"
    return "asked"


def tested(rng: np.random.Generator, effect: float, cv: float, *, labels: int, share: int) -> str:
    """How an A/B test ends: "better", "worse" (at any look), "invalid", "open". "once better" would have been read too
    early, as it was better at a look between and not at the end.
    """
    test = AbTest(stable="v1", version="v2", share=share, begins=BEGINS, ends=BEGINS + SPAN)
    spread = np.sqrt(np.log(1.0 + cv * cv))
    sums = {"v1": np.zeros(3), "v2": np.zeros(3)}
    seen = ""
    for look in range(1, LOOKS + 1):
        for name, part in (("v1", 100 - share), ("v2", share)):
            n = rng.poisson(labels * part / 100.0 / LOOKS)
            worth = rng.lognormal(-spread * spread / 2.0, spread, n) * (1.0 + (effect if name == "v2" else 0.0))
            sums[name] += (n, worth.sum(), (worth**2).sum())
        values = tuple(
            ValueArm(version=name, n=int(n), total=total, sumsq=square, name="revenue", unit="EUR")
            for name, (n, total, square) in sums.items()
        )
        counts = {name: 2 * int(n) for name, (n, _, _) in sums.items()}
        standing = compare(test, AbSight(at=BEGINS + SPAN * look / LOOKS, requests=counts, values=values)).standing
        if standing == "worse":
            return standing
        seen = "once better" if standing == "better" else seen
    return standing if standing == "better" else seen or standing


def main() -> None:
    """Prints both tables and what they took."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=2000, help="rollouts and tests of each row")
    runs = options.parse_args().runs
    began = time.process_time()
    print(f"| {runs:,} rollouts in steps a row, 360 requests a minute | failed | a person is asked | released |")
    print("| --- | ---: | ---: | ---: |")
    for name, harm in STEPS.items():
        ends = Counter(in_steps(np.random.default_rng([23, seed]), harm)[0] for seed in range(runs))
        print(f"| {name} | {' | '.join(_share(ends[how], runs) for how in ('failed', 'asked', 'released'))} |")
        sys.stdout.flush()
    print(f"\n| {runs:,} A/B tests a row, 20% of 20,000 labels | less | nothing shown | more |")
    print("| --- | ---: | ---: | ---: |")
    for name, (effect, cv) in TESTS.items():
        found = Counter(
            tested(np.random.default_rng([29, seed]), effect, cv, labels=20_000, share=20) for seed in range(runs)
        )
        nothing = runs - found["worse"] - found["better"]
        print(f"| {name} | {' | '.join(_share(n, runs) for n in (found['worse'], nothing, found['better']))} |")
        sys.stdout.flush()
    print(f"\n{time.process_time() - began:.0f} s of processor time")


def _share(count: int, runs: int) -> str:
    return f"{100.0 * count / runs:.1f}%"


if __name__ == "__main__":
    main()
