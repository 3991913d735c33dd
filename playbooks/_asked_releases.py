"""Questions about releases: how often, which, when last, who, why."""

from __future__ import annotations

from bizaiops_bot.playbook import Card, Inquiry, Release, Run, Table, Trial, stamp, within
from playbooks._asked import (
    LIMIT,
    answer,
    count_words,
    fitting_releases,
    in_time,
    known_names,
    leaders,
    most,
    of_model,
    run_button,
    titled,
)

OF = "releases on record"
NOUNS = {"deploy": "deploy", "rollback": "rollback", "retrain": "released retraining", "": "release"}
DID = {
    "deploy": "was deployed",
    "rollback": "was rolled back to",
    "retrain": "was retrained and released as",
    "initial": "was first served",
}


async def of_releases(run: Run, ask: Inquiry) -> Card:
    """Every question whose subject is a release."""
    found, cut = await fitting_releases(run, ask)
    noun = NOUNS.get(ask.kind, "release")
    what = f"{count_words(len(found), noun)}{of_model(ask)}{in_time(ask)}".replace("no ", "No ", 1)
    if not found:
        return answer(ask, run, what, of=OF, more=await _withdrawn(run, ask), tone="muted", cut=cut)
    tables = (releases_table(found),)
    if ask.aggregate in ("worst", "best"):
        by = "model" if ask.aggregate == "worst" else "person"
        ranked = most(r.model if by == "model" else r.actor for r in found)
        said = f"{leaders(ranked)}, with {count_words(ranked[0][1], noun)}{in_time(ask)}"
        return answer(ask, run, said, of=OF, tables=(_ranking(by, noun, ranked),), cut=cut)
    if ask.aggregate in ("last", "first", "when"):
        one = found[-1 if ask.aggregate == "first" else 0]
        said = f"{sentence_of(one)}, {stamp(one.at)}"
        return answer(ask, run, said, of=OF, more=_by(one), tables=tables, buttons=run_button(one.run), cut=cut)
    if ask.aggregate == "who":
        return _who(run, ask, found, cut=cut)
    if ask.aggregate == "why":
        return await _why(run, ask, found[0])
    newest = f"The newest: {sentence_of(found[0])}, {stamp(found[0].at)}."
    more = f"{newest} {await _withdrawn(run, ask)}".strip()
    return answer(ask, run, what, of=OF, more=more, tables=tables, cut=cut)


def releases_table(found: list[Release]) -> Table:
    """When, model, what, from, to, by, approved by, run; newest first."""
    rows = tuple(
        (
            stamp(r.at),
            r.model,
            r.kind,
            r.previous or "–",
            r.version,
            r.actor,
            ", ".join(r.approved_by) or "–",
            str(r.run or "–"),
        )
        for r in found
    )
    return Table(columns=("When", "Model", "What", "From", "To", "By", "Approved by", "Run"), rows=rows)


def sentence_of(release: Release) -> str:
    """ "churn was rolled back to v1", "churn v2 was deployed"."""
    if release.kind in ("rollback", "retrain"):
        return f"{release.model} {DID[release.kind]} {release.version}"
    return f"{release.model} {release.version} {DID[release.kind]}"


def _by(release: Release) -> str:
    approved = f", approved by {' and '.join(release.approved_by)}" if release.approved_by else ""
    return f"By {release.actor}{approved}."


def _who(run: Run, ask: Inquiry, found: list[Release], *, cut: bool) -> Card:
    """Whoever asked for it; of several releases each person once, the newest first."""
    one = found[0]
    people = list(dict.fromkeys(r.actor for r in found)) if ask.window else [one.actor]
    more = f"{sentence_of(one)}, {stamp(one.at)}. {_by(one)}"
    return answer(
        ask,
        run,
        " and ".join(people),
        of=OF,
        more=more,
        tables=(releases_table(found),),
        buttons=run_button(one.run),
        cut=cut,
    )


async def _why(run: Run, ask: Inquiry, release: Release) -> Card:
    """The reason that was given with the run, what was open then, and what was found of the version that went."""
    reason = ""
    if release.run is not None:
        record = await run.read(run.records.run, release.run)
        reason = str(record.inputs.get("reason") or "")
        tried = await run.read(run.records.trials, release.model, run=release.run)
        reason = reason or next((t.reason for t in tried if t.kind == "rollback"), "")
    alerts = [
        a
        for a in await run.read(run.records.alerts, model=release.model, limit=LIMIT)
        if a.detected <= release.at and (a.closed is None or a.closed >= release.at)
    ]
    open_then = "; ".join(map(titled, alerts)) or "no alert"
    given = f"On record: {reason.rstrip('.')}." if reason else "No reason is on record."
    more = f"{given} Open at that time: {open_then}. {_by(release)}"
    said = f"{sentence_of(release)}, {stamp(release.at)}"
    return answer(ask, run, said, of=f"{OF}, the run and its alerts", more=more, buttons=run_button(release.run))


async def _withdrawn(run: Run, ask: Inquiry) -> str:
    """Canaries that never had all traffic are no rollbacks, but whoever counts those wants to know."""
    if ask.kind != "rollback":
        return ""
    gone: list[Trial] = []
    for name in await known_names(run, ask):
        known = await run.read(run.records.trials, name, limit=LIMIT)
        gone += [t for t in known if t.kind == "canary" and not t.ok and within(ask.window, t.at)]
    if not gone:
        return ""
    named = ", ".join(f"{t.model} {t.version} in run {t.run}" for t in gone[:3])
    return f"Not counted: {count_words(len(gone), 'canary', 'canaries')} that did not get all traffic ({named})."


def _ranking(by: str, noun: str, ranked: list[tuple[str, int]]) -> Table:
    rows = tuple((name, str(count)) for name, count in ranked)
    return Table(columns=(by.capitalize(), f"{noun.capitalize()}s"), rows=rows, align="lr")
