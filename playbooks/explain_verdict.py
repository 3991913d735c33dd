"""Why a version was let through or not: what was compared, on how many requests, and what decided."""

from __future__ import annotations

from pydantic import Field

from bizaiops_bot.playbook import (
    LOWER_IS_BETTER,
    Block,
    Button,
    Card,
    Check,
    Context,
    Inputs,
    ModelName,
    ModelVersion,
    NotFound,
    Outcome,
    Run,
    RunNumber,
    Text,
    Tone,
    Trial,
    Version,
    playbook,
    stamp,
)
from playbooks._cards import known_model, known_run, known_versions, listed, sentence
from playbooks._trials import checks_table

SAID: dict[tuple[str, Outcome], str] = {
    ("canary", Outcome.SUCCESSFUL): "held on live traffic",
    ("canary", Outcome.FAILED): "failed on live traffic",
    ("canary", Outcome.INCONCLUSIVE): "could not be judged on live traffic",
    ("canary", Outcome.ERROR): "could not be measured on live traffic",
    ("gate", Outcome.SUCCESSFUL): "passed its quality gate",
    ("gate", Outcome.FAILED): "did not pass its quality gate",
    ("rollback", Outcome.FAILED): "was taken back",
    ("ab_test", Outcome.SUCCESSFUL): "brought more in its A/B test",
    ("ab_test", Outcome.FAILED): "brought less in its A/B test",
    ("ab_test", Outcome.INCONCLUSIVE): "did not win its A/B test",
}
TONES: dict[Outcome, Tone] = {Outcome.SUCCESSFUL: "success", Outcome.FAILED: "danger"}


class ExplainVerdict(Inputs):
    """Explain how a version was judged, or whether one version is better than another, from its trials."""

    model: ModelName | None = Field(None, description="the model; that of the run if left out")
    version: Version | None = Field(None, description="the version; the one tried last if left out")
    other: Version | None = Field(None, description="the version it is held against")
    run: RunNumber | None = Field(None, description="the run that tried it")


@playbook(title="Explain a verdict", risk="read")
async def explain_verdict(run: Run, ask: ExplainVerdict) -> Card:
    model, version = await _which(run, ask)
    trials = await run.read(run.records.trials, model, limit=200)
    if model is None:
        return _explained(trials[0]) if trials else _nothing_tried()
    if ask.run is not None and ask.version is None:
        trials = [t for t in trials if t.run == ask.run]
    if ask.other is not None and version is not None:
        return await _better(run, model, version, ask.other, trials)
    mine = [t for t in trials if version in (None, t.version)]
    trial = next((t for t in mine if t.kind != "gate"), next(iter(mine), None))
    if trial is None:
        return await _never(run, ask, model, version)
    return _explained(trial)


def _nothing_tried() -> Card:
    said = "No version has been tried yet, so there is no verdict"
    return Card(title=said, tone="muted", summary=f"{said}.")


async def _which(run: Run, ask: ExplainVerdict) -> tuple[str | None, str | None]:
    """The model and version, none for what was tried last. Raises NotFound for a version that there is not."""
    model, version = ask.model, ask.version
    if model is None and ask.run is not None:
        record = await known_run(run, ask.run)
        model, version = record.inputs.get("model"), version or record.inputs.get("version")
    if model is None:
        return None, None
    await known_model(run, model)
    names = await known_versions(run, model)
    for name in (version, ask.other):
        if name is not None and name not in names:
            raise NotFound(f"{model} version", name, names)
    return model, version


def _explained(trial: Trial) -> Card:
    said = f"{trial.model} {trial.version} {SAID.get((trial.kind, trial.outcome), trial.outcome.value)}"
    blocks: list[Block] = [Text(text=" ".join(_sentences(trial)))]
    blocks += [checks_table(trial)] if trial.checks else []
    blocks.append(
        Context(text=f"Tried {stamp(trial.at)}, asked for by {trial.by}{f', run {trial.run}' if trial.run else ''}.")
    )
    return Card(
        title=said,
        tone=TONES.get(trial.outcome, "muted"),
        summary=f"{said}. {' '.join(_sentences(trial))}",
        blocks=tuple(blocks),
        buttons=_buttons(trial.model, trial),
    )


def _sentences(trial: Trial) -> list[str]:
    """What was compared, what decided, and what was not judged: one sentence each."""
    told = [sentence(trial.reason)] if trial.reason else []
    if trial.kind == "canary" and trial.canary_requests:
        told.append(
            f"{trial.canary_requests:,} requests to {trial.version} were held against {trial.stable_requests:,} to the "
            "stable version."
        )
    failed = _names(trial.checks, Outcome.FAILED)
    if failed:
        told.append(f"What decided: {failed}; one failed check is enough.")
    elif trial.outcome is Outcome.SUCCESSFUL and trial.checks:
        told.append(f"Shown to be within its limits: {_names(trial.checks, Outcome.SUCCESSFUL)}.")
    if untested := _names(trial.checks, Outcome.INCONCLUSIVE):
        told.append(f"Not shown either way, with too little data: {untested}.")
    return told


def _names(checks: tuple[Check, ...], outcome: Outcome) -> str:
    return listed([c.name for c in checks if c.outcome is outcome])


async def _better(run: Run, model: str, version: str, other: str, trials: list[Trial]) -> Card:
    """Whether `version` is better than `other`: by live traffic where the two met there, else by the gate alone."""
    newer = max(version, other, key=(await known_versions(run, model)).index)
    older = other if newer == version else version
    live = next((t for t in trials if t.version == newer and t.kind != "gate"), None)
    built = {v.version: v for v in await run.read(run.registry.versions, model)}
    gate = _gates(built.get(version), built.get(other))
    if live is None:
        said = f"Not known: {model} {newer} has not been tried on live traffic"
        outcome = Outcome.INCONCLUSIVE
    elif live.ok:
        shown = f"{newer} was shown to be no worse than the stable version, not that it is better"
        said, outcome = f"{'No' if newer == other else 'At least not worse'}: {shown}", Outcome.SUCCESSFUL
    else:
        bad = SAID.get((live.kind, live.outcome), live.outcome.value)
        said, outcome = f"{'No' if newer == version else 'Yes, as far as is known'}: {newer} {bad}", live.outcome
    against = f"The stable version then may have been another one than {older}." if live else ""
    told = [*(_sentences(live) if live else []), gate, against]
    text = " ".join(part for part in told if part)
    blocks: list[Block] = [Text(text=text)] if text else []
    blocks += [checks_table(live)] if live and live.checks else []
    blocks.append(Context(text=f"Looked at: trials of {model} {newer} on live traffic, and both gates, all on record."))
    compare = Button(label=f"Compare {version} and {other}", command=f"compare {model} {version} and {other}")
    return Card(
        title=said,
        tone="info" if outcome is Outcome.SUCCESSFUL else "muted",
        summary=f"{said}. {text}".strip(),
        blocks=tuple(blocks),
        buttons=(compare, *(_buttons(model, live) if live else ())),
    )


def _gates(a: ModelVersion | None, b: ModelVersion | None) -> str:
    """ "On held-out rows auc 0.842 against 0.830, better." """
    if a is None or b is None:
        return ""
    told = []
    for name in sorted(set(a.metrics) & set(b.metrics)):
        one, two = a.metrics[name], b.metrics[name]
        word = "the same" if one == two else "better" if (one < two) == (name in LOWER_IS_BETTER) else "worse"
        told.append(f"{name} {one:.4g} against {two:.4g}, {word}")
    return f"On held-out rows, {a.version} against {b.version}: {'; '.join(told)}." if told else ""


async def _never(run: Run, ask: ExplainVerdict, model: str, version: str | None) -> Card:
    """Nothing was found yet, so there is nothing to explain."""
    what = f"{model} {version or ''}".strip()
    said = f"There is no verdict on {what} yet"
    more = "It was not tried on live traffic, and its gate is not on record."
    if ask.run is not None:
        record = await known_run(run, ask.run)
        more = f"Run {record.id}: {record.status}. {record.error or record.summary}".strip()
    return Card(
        title=said, tone="muted", summary=f"{said}. {more}", blocks=(Text(text=more),), buttons=_buttons(model, None)
    )


def _buttons(model: str, trial: Trial | None) -> tuple[Button, ...]:
    shown = (Button(label=f"Show run {trial.run}", command=f"show run {trial.run}"),) if trial and trial.run else ()
    return (*shown, Button(label=f"History of {model}", command=f"history of {model}"))
