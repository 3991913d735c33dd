"""Questions about alerts: which, how many, how long, how fast found and over."""

from __future__ import annotations

from datetime import datetime

from bizaiops_bot.playbook import Alert, Button, Card, Inquiry, Run, Table, Tone, spoken_duration, stamp
from playbooks._asked import (
    answer,
    count_words,
    fitting_alerts,
    in_time,
    leaders,
    most,
    of_model,
    spans_words,
    titled,
    when_words,
)
from playbooks._cards import clock_now

OF = "alerts on record"
ONE = frozenset({"state", "how_long", "when"})
"""Asked of one alert: the newest that is open, else the newest, where none is named."""
COLUMNS = ("No.", "Model", "Alert", "Began", "Detected", "Over", "Time to detect", "Time to recover")


async def of_alerts(run: Run, ask: Inquiry) -> Card:
    """Every question whose subject is an alert."""
    found, cut = await fitting_alerts(run, ask)
    if ask.alert is not None or (found and ask.aggregate in ONE and not ask.measure and not ask.window):
        number = ask.alert or sorted(found, key=lambda a: a.closed is not None)[0].id
        return await _one(run, ask.model_copy(update={"alert": number}))
    noun = "drift alert" if ask.kind == "drift" else "alert"
    what = f"{count_words(len(found), noun)}{of_model(ask)}{in_time(ask)}"
    what = what[0].upper() + what[1:]
    if not found:
        return answer(ask, run, what, of=OF, tone="success" if ask.window else "muted", cut=cut)
    table, still = alerts_table(found), [a for a in found if a.closed is None]
    tone: Tone = "danger" if still else "info"
    if ask.aggregate == "worst":
        ranked = most(a.model for a in found)
        said = f"{leaders(ranked)}, with {count_words(ranked[0][1], 'alert')}{in_time(ask)}"
        return answer(ask, run, said, of=OF, tables=(table,), tone=tone, cut=cut)
    if ask.aggregate in ("last", "first", "when"):
        one = found[-1 if ask.aggregate == "first" else 0]
        said = f"{titled(one)}, {stamp(one.detected)}"
        return answer(ask, run, said, of=OF, more=_fate(one), tables=(table,), buttons=_show(one), tone=tone, cut=cut)
    if ask.aggregate == "how_long":
        return await _speed(run, ask, found, cut=cut)
    named = "; ".join(f"{titled(a)}, {stamp(a.detected)}" for a in found[:3])
    more = f"{named}. {len(still) or 'None'} of them {'is' if len(still) == 1 else 'are'} open."
    return answer(ask, run, what, of=OF, more=more, tables=(table,), tone=tone, buttons=_show(found[0]), cut=cut)


def alerts_table(found: list[Alert]) -> Table:
    """Newest first."""
    return Table(columns=COLUMNS, rows=tuple(map(_row, found)), align="rlllllrr")


def _row(a: Alert) -> tuple[str, ...]:
    over = "still open" if a.closed is None else stamp(a.closed)
    recover = "–" if a.recover_s is None else spoken_duration(a.recover_s)
    return (
        str(a.id),
        a.model,
        a.title,
        stamp(a.onset),
        stamp(a.detected),
        over,
        spoken_duration(max(0.0, a.detect_s)),
        recover,
    )


async def _one(run: Run, ask: Inquiry) -> Card:
    alert = await run.read(run.records.alert, ask.alert)
    now = await clock_now(run)
    said = {
        "how_long": _lasting(alert, now),
        "when": f"Over {when_words(alert.closed)}"
        if ask.measure == "end"
        else f"It began {stamp(alert.onset)}, estimated",
        "state": f"Yes, over since {stamp(alert.closed)}" if alert.closed else "No, it is still open",
    }[ask.aggregate]
    more = f"Alert {alert.shown_as}, {titled(alert)}. {_fate(alert)}"
    tone: Tone = "danger" if alert.closed is None else "success"
    return answer(ask, run, said, of=f"alert {alert.shown_as}", more=more, buttons=_show(alert), tone=tone)


def _lasting(alert: Alert, now: datetime) -> str:
    if alert.recover_s is None:
        return f"Open for {spoken_duration((now - alert.detected).total_seconds())} so far"
    return f"{spoken_duration(alert.recover_s)} from detection to its end"


def _fate(alert: Alert) -> str:
    began = f"Began {stamp(alert.onset)} (estimated), detected {stamp(alert.detected)}"
    over = "still open" if alert.closed is None else f"over {stamp(alert.closed)}"
    return f"{began}, {over}{f'; run {alert.run} answered it' if alert.run else ''}."


async def _speed(run: Run, ask: Inquiry, found: list[Alert], *, cut: bool) -> Card:
    """Time to detect or to recover over all that fit."""
    now = await clock_now(run)
    if ask.measure == "detect":
        spans, said = [max(0.0, a.detect_s) for a in found], "Found after"
    else:
        spans, said = [a.recover_s for a in found if a.recover_s is not None], "Over after"
    if not spans:
        open_for = spoken_duration((now - found[0].detected).total_seconds())
        return answer(
            ask,
            run,
            f"Not over yet, open for {open_for} so far",
            of=OF,
            tables=(alerts_table(found),),
            tone="danger",
            cut=cut,
        )
    table = alerts_table(found)
    return answer(ask, run, f"{said} {spans_words(spans)}", of=OF, more=_whole(found), tables=(table,), cut=cut)


def _whole(found: list[Alert]) -> str:
    whole = sum(a.recover_s or 0.0 for a in found)
    return f"In all {spoken_duration(whole)} with an alert that is over by now. Times of the onset are estimates."


def _show(alert: Alert) -> tuple[Button, ...]:
    return (Button(label=f"Show alert {alert.shown_as}", command=f"show alert {alert.shown_as}"),)
