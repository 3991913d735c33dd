"""Questions about versions: which there are, which is best, how several compare, since when one is live."""

from __future__ import annotations

from bizaiops_bot.playbook import (
    LOWER_IS_BETTER,
    Button,
    Card,
    Inquiry,
    ModelVersion,
    NotFound,
    Release,
    Run,
    Table,
    Trial,
    held_against,
    spoken_duration,
    stamp,
    trial_words,
)
from playbooks._asked import LIMIT, answer
from playbooks._cards import clock_now, known_model, known_versions, listed, metric_words
from playbooks._health import traffic_of

OF = "the registry, trials and releases"


async def of_versions(run: Run, ask: Inquiry) -> Card:
    """Every question whose subject is a version."""
    model = str(ask.model)
    await known_model(run, model)
    names = await known_versions(run, model)
    if strange := [v for v in ask.versions if v not in names]:
        raise NotFound(f"{model} version", strange[0], names)
    built = await run.read(run.registry.versions, model)
    trials = await run.read(run.records.trials, model, limit=LIMIT)
    releases = await run.read(run.records.releases, model, limit=LIMIT)
    if ask.aggregate == "how_long":
        return await _live_since(run, ask, releases)
    table = _table([v for v in built if not ask.versions or v.version in ask.versions], trials, releases)
    if ask.aggregate in ("best", "worst"):
        return _best(run, ask, built, trials, table)
    if ask.aggregate == "compare":
        return _compared(run, ask, built, trials, table)
    unbuilt = [name for name in names if name not in {v.version for v in built}]
    newest = names[-1] if names else ""
    said = f"{model} has {len(names)} version{'' if len(names) == 1 else 's'}: {listed(names)}"
    if ask.aggregate == "last":
        said = f"{model} {newest} is the newest{', not built yet' if newest in unbuilt else ''}"
    more = f"Not built yet: {listed(unbuilt)}." if unbuilt else "All are built."
    return answer(ask, run, said, of=OF, more=more, tables=(table,), buttons=_history(model))


def _table(built: list[ModelVersion], trials: list[Trial], releases: list[Release]) -> Table:
    rows = tuple(
        (
            v.version,
            stamp(v.created),
            metric_words(v.metrics),
            _tried(trials, v.version),
            _released(releases, v.version),
        )
        for v in built
    )
    return Table(columns=("Version", "Built", "At its gate", "When tried", "Last released"), rows=rows)


def _tried(trials: list[Trial], version: str) -> str:
    live = next((t for t in trials if t.version == version and t.kind != "gate"), None)
    return "not on live traffic" if live is None else trial_words(live, why=False)


def _released(releases: list[Release], version: str) -> str:
    last = next((r for r in releases if r.version == version), None)
    return f"{stamp(last.at)} by {last.actor}" if last else "never"


def _best(run: Run, ask: Inquiry, built: list[ModelVersion], trials: list[Trial], table: Table) -> Card:
    """By the metric that all of them have, those that failed on live traffic left out of the best."""
    metric = _shared(built)
    if metric is None:
        said = f"The versions of {ask.model} have no metric in common, so none is best"
        return answer(ask, run, said, of=OF, tables=(table,), tone="muted")
    failed = [v.version for v in built if held_against(trials, v.version)]
    best = ask.aggregate == "best"
    good = [v for v in built if not best or v.version not in failed] or built
    lower = metric in LOWER_IS_BETTER
    found = sorted(good, key=lambda v: v.metrics[metric], reverse=lower != best)[0]
    said = f"{ask.model} {found.version}, {metric} {found.metrics[metric]:.4g} at its gate"
    against = [trial_words(t) for v in built if (t := held_against(trials, v.version))]
    more = f"Left out: {'; '.join(against)}." if best and against else "; ".join(against)
    return answer(ask, run, said, of=OF, more=more, tables=(table,), buttons=_history(str(ask.model)))


def _shared(built: list[ModelVersion]) -> str | None:
    """The metric to go by: the first of those that every version has; auc and wape before others."""
    shared = set.intersection(*(set(v.metrics) for v in built)) if built else set()
    return next((name for name in ("auc", "wape", *sorted(shared)) if name in shared), None)


def _compared(run: Run, ask: Inquiry, built: list[ModelVersion], trials: list[Trial], table: Table) -> Card:
    mine = [v for v in built if v.version in ask.versions]
    missing = [name for name in ask.versions if name not in {v.version for v in mine}]
    metric = _shared(mine)
    said = f"{ask.model} {listed(list(ask.versions))}"
    if metric is not None:
        said = f"{metric} at the gate: " + ", ".join(f"{v.version} {v.metrics[metric]:.4g}" for v in mine)
    against = [trial_words(t) for v in mine if (t := held_against(trials, v.version))]
    more = "; ".join([*against, *(f"{name} was never built" for name in missing)])
    return answer(
        ask, run, said, of=OF, more=f"{more}." if more else "", tables=(table,), buttons=_history(str(ask.model))
    )


async def _live_since(run: Run, ask: Inquiry, releases: list[Release]) -> Card:
    model = str(ask.model)
    traffic = await traffic_of(run, model)
    version = ask.versions[0] if ask.versions else traffic.stable
    last = next((r for r in releases if r.version == version), None)
    share = traffic.weights.get(str(version), 0)
    serves = f"It serves {share}% now." if share else "It serves nothing now."
    if last is None or version is None:
        return answer(
            ask, run, f"{model} {version or 'has no live version'} was never released", of=OF, more=serves, tone="muted"
        )
    now = await clock_now(run)
    newer = next((r for r in reversed(releases) if r.at > last.at), None)
    if newer is not None:
        lived = spoken_duration((newer.at - last.at).total_seconds())
        said = f"{model} {version} was live for {lived}, until {stamp(newer.at)}"
    else:
        lived = spoken_duration((now - last.at).total_seconds())
        said = f"{model} {version} has been live for {lived}, since {stamp(last.at)}"
    more = f"Released by {last.actor}. {serves}"
    return answer(ask, run, said, of="releases and traffic", more=more, buttons=_history(model))


def _history(model: str) -> tuple[Button, ...]:
    return (Button(label=f"History of {model}", command=f"history of {model}"),)
