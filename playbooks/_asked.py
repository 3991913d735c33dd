"""What the answers to questions share: which records fit, and a card that says which window and filter were taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median

from bizaiops_bot.playbook import (
    PLAYBOOKS,
    Alert,
    Block,
    Button,
    Card,
    Context,
    Inquiry,
    NotFound,
    Release,
    Run,
    RunRecord,
    Table,
    Text,
    Tone,
    Window,
    spoken_duration,
    stamp,
)
from playbooks._cards import clock_now, known_model
from playbooks._words import local_stamp

LIMIT = 500
"""So many newest records are looked at; an answer that may have missed older ones says so."""
MOST_ROWS = 20


def answer(
    ask: Inquiry,
    run: Run,
    said: str,
    *,
    of: str,
    more: str = "",
    tables: Sequence[Table] = (),
    tone: Tone = "info",
    buttons: Sequence[Button] = (),
    cut: bool = False,
) -> Card:
    """One answer. said: the answer in a few words, the card's title. of: what was looked at: "releases".

    more: a sentence or two behind it. cut: there may be older records than those that were looked at.
    """
    blocks: list[Block] = [Text(text=more)] if more else []
    blocks += [table.model_copy(update={"rows": table.rows[:MOST_ROWS]}) for table in tables]
    blocks.append(Context(text=taken(ask, run, of, cut=cut)))
    hidden = max((len(table.rows) - MOST_ROWS for table in tables), default=0)
    more = f"{more} {hidden} more are not shown.".strip() if hidden > 0 else more
    return Card(
        title=said,
        tone=tone,
        summary=f"{said.rstrip('.')}. {more}".strip(),
        blocks=tuple(blocks),
        buttons=tuple(buttons),
    )


def taken(ask: Inquiry, run: Run, of: str, *, cut: bool = False) -> str:
    """ "Looked at: releases, this month (Sun 1 Nov 00:00 to Sat 21 Nov 15:30), only rollbacks, churn." """
    when = ""
    if ask.window is not None:
        start, end = (local_stamp(t, run.time_zone) for t in (ask.window.start, ask.window.end))
        when = f", {ask.window.label} ({start} to {end}, {run.time_zone})"
    only = f", only {ask.spoken_filter}" if ask.spoken_filter else ""
    older = f" The newest {LIMIT} were looked at; there may be older ones." if cut else ""
    return f"Looked at: {of}{when}{only}.{older}"


def in_time(ask: Inquiry) -> str:
    """ " this month", with its space; "" for all on record."""
    return f" {ask.window.label}" if ask.window else ""


def of_model(ask: Inquiry) -> str:
    """ " of churn" or ""."""
    return f" of {ask.model}" if ask.model else ""


def count_words(count: int, one: str, many: str = "") -> str:
    """ "no rollback", "1 rollback", "2 rollbacks"; `many` where an s does not make it."""
    return f"{count or 'no'} {one if count <= 1 else many or f'{one}s'}"


def most(names: Iterable[str]) -> list[tuple[str, int]]:
    """Names with how often they are there, most first, equal ones by name."""
    return sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))


def leaders(ranked: Sequence[tuple[str, int]]) -> str:
    """ "lead" or, where several share the first place, "lead and sre"."""
    return " and ".join(name for name, count in ranked if count == ranked[0][1])


def spans_words(seconds: Sequence[float]) -> str:
    """ "12 min at the median of 5, 9 min to 31 min"."""
    if len(seconds) == 1:
        return f"{spoken_duration(seconds[0])}, once"
    low, high = spoken_duration(min(seconds)), spoken_duration(max(seconds))
    return f"{spoken_duration(median(seconds))} at the median of {len(seconds)}, {low} to {high}"


def titled(alert: Alert) -> str:
    """ "churn: error rate 12.6%, limit 2.0%": the title of an alert with its model, which many titles begin with."""
    return alert.title if alert.title.startswith(alert.model) else f"{alert.model}: {alert.title}"


async def until_now(run: Run, window: Window | None) -> Window | None:
    """The window, with this very second in it where it reaches until now."""
    now = await clock_now(run)
    close = window is not None and abs(now - window.end) < timedelta(minutes=1)
    return window.model_copy(update={"end": now + timedelta(seconds=1)}) if window and close else window


async def known_names(run: Run, ask: Inquiry) -> list[str]:
    """The models that the question is about: the one named, or all. Raises NotFound for one that is not served."""
    if ask.model is not None:
        await known_model(run, ask.model)
        return [ask.model]
    return [info.name for info in await run.read(run.models.specs)]


async def fitting_releases(run: Run, ask: Inquiry) -> tuple[list[Release], bool]:
    """Releases that fit the question, newest first, and whether older ones may be missing.

    The version that a model started with is no release, but where the first one is asked for.
    """
    found: list[Release] = []
    cut = False
    for name in await known_names(run, ask):
        known = await run.read(run.records.releases, name, limit=LIMIT)
        cut = cut or len(known) == LIMIT
        found += known
    return sorted((r for r in found if _fits_release(ask, r)), key=lambda r: r.at, reverse=True), cut


def _fits_release(ask: Inquiry, release: Release) -> bool:
    if release.kind == "initial" and ask.aggregate != "first":
        return False
    return (
        ask.kind in ("", release.kind)
        and ask.person in (None, release.actor)
        and (not ask.versions or release.version in ask.versions)
        and ask.holds(release.at)
    )


async def fitting_runs(run: Run, ask: Inquiry, *, to_be_decided: bool = False) -> tuple[list[RunRecord], bool]:
    """Runs that fit the question, newest first, and whether older ones may be missing.

    to_be_decided: the window and the person are of the decisions and not of who asked for the run, so neither counts.
    """
    if ask.model is not None:
        await known_model(run, ask.model)
    known = await run.read(run.records.runs, model=ask.model, limit=LIMIT)
    fits = [r for r in known if _fits_run(ask, r, free=to_be_decided)]
    return fits[:1] if ask.last else fits, len(known) == LIMIT


def _fits_run(ask: Inquiry, record: RunRecord, *, free: bool) -> bool:
    version = record.inputs.get("version")
    if not free and (ask.person not in (None, record.actor) or not ask.holds(record.created)):
        return False
    return (
        record.playbook == PLAYBOOKS.get(ask.kind, record.playbook)
        and ask.state in ("", record.status)
        and (not ask.versions or version in ask.versions)
    )


async def one_run(run: Run, ask: Inquiry) -> RunRecord:
    """The run that is named, else the newest that fits. Raises NotFound when there is none."""
    if ask.run is not None:
        known = await run.read(run.records.runs, limit=1)
        if not known or ask.run > known[0].id:
            raise NotFound("run", str(ask.run), [str(r.id) for r in known])
        return await run.read(run.records.run, ask.run)
    fits, _ = await fitting_runs(run, ask)
    if not fits:
        raise NotFound("run", ask.spoken_filter or "any", [])
    return fits[0]


async def fitting_alerts(run: Run, ask: Inquiry) -> tuple[list[Alert], bool]:
    """Alerts that fit the question, newest first, and whether older ones may be missing."""
    if ask.model is not None:
        await known_model(run, ask.model)
    known = await run.read(run.records.alerts, model=ask.model, limit=LIMIT)
    return [a for a in known if _fits_alert(ask, a)], len(known) == LIMIT


def _fits_alert(ask: Inquiry, alert: Alert) -> bool:
    state = "open" if alert.closed is None else "closed"
    return (ask.kind != "drift" or "drift" in alert.kind) and ask.state in ("", state) and ask.holds(alert.detected)


def run_button(number: int | None) -> tuple[Button, ...]:
    """Shows the run; nothing for none."""
    return (Button(label=f"Show run {number}", command=f"show run {number}"),) if number else ()


def when_words(when: datetime | None) -> str:
    """ "21 Nov 14:02 UTC", or "not yet"."""
    return "not yet" if when is None else stamp(when)
