"""What was found of versions when they were tried, as cards tell it."""

from __future__ import annotations

from collections.abc import Sequence

from bizaiops_bot.playbook import (
    Button,
    Card,
    ModelVersion,
    Outcome,
    Run,
    Table,
    Text,
    Tone,
    Trial,
    Verdict,
    held_against,
    stamp,
    too_good,
    trial_words,
)
from playbooks._cards import MARKS, status_button, verdict_table

SINCE = "2026-11 trials of versions"
_KINDS = {"canary": "live traffic", "gate": "quality gate", "rollback": "taken back", "ab_test": "A/B test"}


async def known_trials(run: Run, model: str) -> list[Trial]:
    """Newest first. Runs that were planned before trials were kept go on without them."""
    return await run.read(run.records.trials, model) if run.patched(SINCE) else []


def warning(trials: Sequence[Trial], version: str) -> str:
    """What is held against a version, as a sentence; "" for nothing."""
    found = held_against(trials, version)
    return "" if found is None else f"{trial_words(found)}."


def leak(versions: dict[str, ModelVersion], version: str, stable: str) -> str:
    """The question whether the version's gate is too good to be true, as a sentence; "" when it is not."""
    if version not in versions or stable not in versions:
        return ""
    said = too_good(versions[version].metrics, versions[stable].metrics, stable)
    return f"{said}." if said else ""


def trials_table(trials: Sequence[Trial]) -> Table:
    """One row a trial, newest first."""
    rows = tuple(
        (t.version, _KINDS[t.kind], MARKS[t.outcome.value], t.reason, str(t.run or "–"), stamp(t.at)) for t in trials
    )
    return Table(columns=("Version", "Tried by", "Outcome", "Why", "Run", "When"), rows=rows, caption="What was found")


def checks_table(trial: Trial) -> Table:
    """The checks of a trial as those of a verdict."""
    return verdict_table(_verdict(trial))


def _verdict(trial: Trial) -> Verdict:
    kept = trial.model_dump(include={"outcome", "reason", "stable_requests", "canary_requests"})
    return Verdict(checks=trial.checks, **kept)


def failed_card(run: Run, model: str, version: str, stable: str, verdict: Verdict, *, registered: bool) -> Card:
    """How a version failed: its checks with their numbers, and what to say next."""
    word = "failed" if verdict.outcome is Outcome.FAILED else "was not shown to be good"
    buttons = [status_button(model)]
    if registered:
        pair = f"{model} {stable} and {version}"
        buttons.append(Button(label=f"Compare {stable} and {version}", command=f"compare {pair}"))
    buttons.append(Button(label=f"History of {model}", command=f"history of {model}"))
    buttons.append(Button(label=f"Show run {run.id}", command=f"show run {run.id}"))
    blocks = (verdict_table(verdict),) if verdict.checks else (Text(text=verdict.reason),)
    tone: Tone = "muted" if verdict.outcome is Outcome.INCONCLUSIVE else "danger"
    return Card(
        title=f"{model} {version} {word}",
        tone=tone,
        blocks=blocks,
        buttons=tuple(buttons),
        run_id=run.id,
        summary=f"{model} {version} {word}: {verdict.reason}",
    )
