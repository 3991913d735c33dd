"""The router on our own domain: understood, asked, refused, wrong; values, near-misses, cost, time, calibration."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.routing import Command, Decision, Question
from bizaiops_bot.evaluation.baseline import failures, load_baseline, save_baseline
from bizaiops_bot.evaluation.cases import Case, DomainSet, checked, half
from bizaiops_bot.evaluation.company import COMPANY, specs
from bizaiops_bot.evaluation.cost import Counting, cost
from bizaiops_bot.evaluation.outcomes import Outcome, intent_of, judge
from bizaiops_bot.evaluation.rendering import render
from bizaiops_bot.evaluation.report import Asked, DomainReport, LeftAlone, Miss, Mixed, Timing, Understood
from bizaiops_bot.evaluation.slots import slot_scores
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.router import Router
from bizaiops_bot.router.training import pairs
from bizaiops_bot.settings import load_settings

__all__ = ["DomainReport", "failures", "load_baseline", "measure", "render", "save_baseline"]

RISK = {spec.name: spec.risk for spec in specs()}
BINS = 10
SHOWN = 4


@dataclass(frozen=True)
class _Heard:
    """One sentence of the set and what the router made of it."""

    case: Case
    decision: Decision
    outcome: Outcome
    seen: bool
    ms: float
    cpu_ms: float


def measure(folder: Path) -> DomainReport:
    """Hears everything in `folder` (tests/eval of a clone) with the bot's own intents in a small fixed company.

    Raises BadInput for a set that cannot be read.
    """
    told, settings = checked(folder), load_settings()
    intents = load_intents(content_folder("intents"))
    kept = settings.data / "router"
    counting = Counting()
    router = Router(intents, list(specs()), kept if kept.is_dir() else None, language=counting)
    router.warm()
    learned = {text for text, _ in pairs(intents, {spec.name: spec for spec in specs()})}
    heard = {name: [_hear(router, case, learned) for case in cases] for name, cases in told.commands.items()}
    every = [one for found in heard.values() for one in found]
    misses = {text: router.route(text, None, COMPANY) for text in told.near_misses}
    return DomainReport(
        sets={name: _understood(found) for name, found in {**heard, "all": every}.items()},
        incomplete=_asked(router, told),
        beside=_left_alone(router.route(text, None, COMPANY) for text in told.beside),
        near_misses={part: _left_alone(d for text, d in misses.items() if half(text) == part) for part in "AB"},
        slots=slot_scores(folder),
        confusion=_mixed(every),
        wrong=_wrong(every, misses),
        cost=cost(router, counting, [one.case.say for one in every], COMPANY, settings),
        timing=_timing(every),
        ece=_calibration_error(
            [*((one.decision, one.case.playbook) for one in every), *((d, "") for d in misses.values())]
        ),
        sha256=told.sha256,
    )


def _hear(router: Router, case: Case, learned: set[str]) -> _Heard:
    begun, cpu = time.perf_counter(), time.process_time()
    decision = router.route(case.say, None, COMPANY)
    ms, cpu_ms = (time.perf_counter() - begun) * 1000, (time.process_time() - cpu) * 1000
    outcome = judge(decision, case, RISK, COMPANY.time_zone)
    return _Heard(case, decision, outcome, Hearing(case.say, COMPANY).canonical() in learned, ms, cpu_ms)


def _understood(heard: Sequence[_Heard]) -> Understood:
    new = [one for one in heard if not one.seen]
    count = Counter(one.outcome for one in new)
    groups: dict[str, list[bool]] = {}
    for one in new:
        groups.setdefault(one.case.group or one.case.say, []).append(one.outcome == "right")
    total = max(1, len(new))
    return Understood(
        said=len(heard),
        seen=len(heard) - len(new),
        intent=round(sum(intent_of(one.decision) == one.case.playbook for one in new) / total, 4),
        command=round(count["right"] / total, 4),
        offered=round(count["offered"] / total, 4),
        asked_wrong=round(count["asked wrong"] / total, 4),
        refused=round(count["refused"] / total, 4),
        by_group=round(sum(sum(right) / len(right) for right in groups.values()) / max(1, len(groups)), 4),
        wrong_reads=count["wrong read"],
        wrong_changes=sum(one.outcome == "wrong change" for one in heard),
    )


def _asked(router: Router, told: DomainSet) -> Asked:
    right = 0
    for case in told.incomplete:
        decision = router.route(case.say, None, COMPANY)
        asked = isinstance(decision, Question) and (decision.pending.playbook, decision.slot)
        right += asked == (case.playbook, case.slot)
    return Asked(said=len(told.incomplete), right=right)


def _left_alone(decisions: Iterable[Decision]) -> LeftAlone:
    count = Counter(_kind(decision) for decision in decisions)
    return LeftAlone(
        said=count.total(),
        refused=count["refused"],
        asked=count["asked"],
        reads=count["read"],
        changes=count["change"],
    )


def _kind(decision: Decision) -> str:
    if isinstance(decision, Command) and not decision.heard.get("dry_run"):  # a plan that is only shown does nothing
        return "read" if RISK[decision.playbook] == "read" else "change"
    return "asked" if isinstance(decision, Command | Question) else "refused"


def _mixed(heard: Sequence[_Heard]) -> tuple[Mixed, ...]:
    found: dict[tuple[str, str], list[str]] = {}
    for one in heard:
        became = intent_of(one.decision) or "refused"
        if became != one.case.playbook:
            asked = "" if isinstance(one.decision, Command) or became == "refused" else "asked: "
            found.setdefault((one.case.playbook, asked + became), []).append(one.case.say)
    rows = sorted(found.items(), key=lambda row: (-len(row[1]), row[0]))
    return tuple(Mixed(meant=a, became=b, count=len(said), sentences=tuple(said[:SHOWN])) for (a, b), said in rows)


def _wrong(heard: Sequence[_Heard], misses: dict[str, Decision]) -> tuple[Miss, ...]:
    """What was acted on and should not have been; of the near-misses' held-back half only the changes are told."""
    found = [
        Miss(say=one.case.say, meant=_command(one.case.playbook, one.case.inputs), became=_became(one.decision))
        for one in heard
        if one.outcome in {"wrong read", "wrong change"}
    ]
    for text, decision in misses.items():
        if isinstance(decision, Command) and (half(text) == "A" or RISK[decision.playbook] != "read"):
            found.append(Miss(say=text, meant="nothing", became=_became(decision)))
    return tuple(found)


def _became(decision: Decision) -> str:
    return _command(decision.playbook, decision.inputs) if isinstance(decision, Command) else ""


def _command(playbook: str, inputs: dict[str, object]) -> str:
    values = ", ".join(f"{k}={v['label'] if isinstance(v, dict) else v}" for k, v in inputs.items())
    return f"{playbook}({values})"


def _timing(heard: Sequence[_Heard]) -> Timing:
    took = sorted(one.ms for one in heard)
    cpu = sum(one.cpu_ms for one in heard) / len(heard)
    return Timing(p50=round(took[len(took) // 2], 2), p95=round(took[int(len(took) * 0.95)], 2), cpu=round(cpu, 2))


def _calibration_error(pairs: Iterable[tuple[Decision, str]]) -> float | None:
    """Of decisions and what was meant ("" for nothing of the bot's); those that tell how sure they are count."""
    told = [found for decision, meant in pairs if (found := _sure(decision, meant)) is not None]
    if not told:
        return None
    sure, right = np.array([found[0] for found in told]), np.array([found[1] for found in told], float)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    errors = (abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).sum() for b in set(bins.tolist()))
    return round(float(sum(errors)) / len(told), 4)


def _sure(decision: Decision, meant: str) -> tuple[float, bool] | None:
    """How sure the router was of its best guess of what the bot does, and whether that is what was meant."""
    sure, guesses = decision.heard.get("sure"), decision.heard.get("guesses") or {}
    if sure is None:
        return None
    best = next((name for name in sorted(guesses, key=guesses.__getitem__, reverse=True) if name in RISK), "")
    return float(sure), bool(meant) and (best or intent_of(decision)) == meant
