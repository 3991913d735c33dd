"""How often "what did the release do?" claims an effect, where there is none and where there is one.

    python -m tools.bench_effects [--runs 2000]

Simulated days: a weekly season, a shock that a control series shares (AR(1), innovations of sd 1) and one of its own
(sd 0.5). The product's own design and test judge all runs at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from bizaiops_bot.domain.effects import step_design
from bizaiops_bot.domain.step_test import ar1, step_test

Floats = NDArray[np.float64]
FIRST = date(2026, 1, 1)
WEEK = np.asarray([0.0, 0.0, 0.0, 0.8, 1.6, 4.0, 3.2])


def claims(
    before: int, after: int, phi: float, runs: int, add: Callable[[Floats], Floats], *, control: bool, seed: int = 11
) -> float:
    """Share of runs with a claim. add: what happens on each day, counted from the release."""
    days = [FIRST + timedelta(days=n) for n in range(before + 1 + after)]
    place = np.arange(len(days), dtype=np.float64) - before
    rng = np.random.default_rng([seed, before, int(100 * phi)])
    common, ours, theirs = (ar1(rng.normal(size=(runs, len(days))), phi) for _ in range(3))
    level = common + 0.5 * ours + WEEK[[d.weekday() for d in days]] + add(place)
    if control:
        level -= common + 0.5 * theirs + WEEK[[d.weekday() for d in days]]
    known = place != 0
    design = step_design(days, known, place > 0, weekdays=not control)
    estimate, half = step_test(design.tobytes(), design.shape[1]).of(np.where(known, level, 0.0))
    return float((np.abs(estimate) > half).mean())


def nothing(place: Floats) -> Floats:
    return 0.0 * place


def step(size: float) -> Callable[[Floats], Floats]:
    return lambda place: size * (place > 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    print("| days, control | phi | no effect | 1 sd | 2 sd | 3 sd |\n| --- | --- | --- | --- | --- | --- |")
    for before, after in ((30, 14), (90, 28)):
        for control in (False, True):
            for phi in (0.0, 0.5, 0.9):
                cells = [claims(before, after, phi, runs, step(s), control=control) for s in (0.0, 1.0, 2.0, 3.0)]
                told = " | ".join(f"{100 * c:.1f}%" for c in cells)
                print(f"| {before} + {after}{', control' if control else ''} | {phi} | {told} |", flush=True)
    traps: dict[str, Callable[[Floats], Floats]] = {
        "trend of 0.005 sd a day": lambda d: 0.005 * d,
        "trend of 0.01 sd a day": lambda d: 0.01 * d,
        "trend of 0.02 sd a day": lambda d: 0.02 * d,
        "yearly season of 2 sd, at its steepest": lambda d: 2.0 * np.sin(2.0 * np.pi * d / 365.0),
        "yearly season of 2 sd, at its top": lambda d: 2.0 * np.cos(2.0 * np.pi * d / 365.0),
        "3 holidays of -8 sd after it": lambda d: -8.0 * np.isin(d, (5.0, 6.0, 7.0)),
        "an earlier release 20 days before, not cut off": lambda d: 2.0 * (d >= -20.0),
    }
    print("\n| nothing at the release, phi 0.3, 90 + 28 | claims |\n| --- | --- |")
    for name, add in traps.items():
        print(f"| {name} | {100 * claims(90, 28, 0.3, runs, add, control=False):.1f}% |", flush=True)
    print(f"| the same, cut off there | {100 * claims(19, 28, 0.3, runs, nothing, control=False):.1f}% |")


if __name__ == "__main__":
    main()
