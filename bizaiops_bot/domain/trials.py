"""What was found of a version when it was tried stays with the version: said wherever somebody may want it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bizaiops_bot.domain.look_words import at_words
from bizaiops_bot.domain.models import GateReport
from bizaiops_bot.domain.monitoring import Check, Outcome, Verdict
from bizaiops_bot.domain.records import Trial

_SAID = {
    ("canary", Outcome.FAILED): "failed its canary",
    ("canary", Outcome.INCONCLUSIVE): "could not be judged as a canary",
    ("canary", Outcome.ERROR): "could not be measured as a canary",
    ("canary", Outcome.SUCCESSFUL): "held as a canary",
    ("gate", Outcome.FAILED): "did not pass its quality gate",
    ("gate", Outcome.INCONCLUSIVE): "could not be measured at its quality gate",
    ("gate", Outcome.SUCCESSFUL): "passed its quality gate",
    ("rollback", Outcome.FAILED): "was taken back",
    ("ab_test", Outcome.SUCCESSFUL): "brought more in its A/B test",
    ("ab_test", Outcome.FAILED): "brought less in its A/B test",
    ("ab_test", Outcome.INCONCLUSIVE): "did not win its A/B test",
}


def held_against(trials: Sequence[Trial], version: str) -> Trial | None:
    """The newest trial of the version on live traffic, or its gate, when it did not end well. trials: newest first.

    A gate that was passed says nothing against what live traffic showed later or before.
    """
    mine = [trial for trial in trials if trial.version == version]
    live = [trial for trial in mine if trial.kind != "gate"] or mine
    return live[0] if live and not live[0].ok else None


def all_held_against(trials: Sequence[Trial]) -> list[Trial]:
    """Of every model's version that has something held against it, newest first."""
    by_version: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        by_version.setdefault((trial.model, trial.version), []).append(trial)
    return [found for mine in by_version.values() if (found := held_against(mine, mine[0].version)) is not None]


def trial_words(trial: Trial, *, why: bool = True) -> str:
    """ "v3 failed its canary on 4 Mar at 08:20 UTC in run 2: score PSI 0.42 against 0.00, limit 0.25" """
    said = _SAID.get((trial.kind, trial.outcome), f"{trial.kind}: {trial.outcome.value}")
    run = f" in run {trial.run}" if trial.run is not None else ""
    by = f" by {trial.by}" if trial.kind == "rollback" else ""
    reason = f": {trial.reason.rstrip('.')}" if why and trial.reason else ""
    return f"{trial.version} {said}{by} at {at_words(trial.at)}{run}{reason}"


def of_gate(report: GateReport) -> Verdict:
    """A quality gate as a verdict: what was measured beside what was asked of it; inconclusive where nothing was."""
    checks = tuple(
        Check(
            name=check.name,
            outcome=Outcome.SUCCESSFUL if check.passed else Outcome.FAILED,
            stable="",
            canary=f"{check.actual:,.4g} {check.unit}".strip(),
            limit=f"{check.limit:,.4g} {check.unit}".strip(),
            reason=check.reason,
        )
        for check in report.checks
    )
    outcome = Outcome.SUCCESSFUL if report.passed else Outcome.FAILED if report.checks else Outcome.INCONCLUSIVE
    reason = report.reason or f"no number that {report.version} and {report.against} have in common"
    return Verdict(outcome=outcome, reason=reason, checks=checks, stable_requests=0, canary_requests=0)


def taken_back(reason: str) -> Verdict:
    """A version that people or a rule have sent away from its traffic."""
    return Verdict(outcome=Outcome.FAILED, reason=reason, checks=(), stable_requests=0, canary_requests=0)


def names(trials: Iterable[Trial]) -> str:
    """ "v3 (failed its canary), v4 (was taken back)" """
    return ", ".join(f"{t.version} ({_SAID.get((t.kind, t.outcome), t.outcome.value)})" for t in trials)
