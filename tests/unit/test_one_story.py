"""Picture, table and words of one card, and the console beside it, tell the same story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.cards import Card, Chart, Fields, Table
from bizaiops_bot.domain.drift_windows import telling
from bizaiops_bot.domain.monitoring import DriftReport, FeatureDrift, SeriesData
from bizaiops_bot.domain.records import Alert
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.engine.watch.alert_card import chart_window, draw_alert
from bizaiops_bot.surfaces.render.plot import plot_of
from playbooks.explain_effect import explain_effect
from playbooks.send_digest import send_digest
from playbooks.show_kpis import show_kpis
from playbooks.show_status import show_status
from tests.support.fake_company import START, Company, release
from tests.support.run_double import RunDouble, play
from tests.unit.test_playbooks_read import lively

ONSET = datetime(2026, 11, 20, 14, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def feature(name: str, psi: float, missing: float = 0.0) -> FeatureDrift:
    return FeatureDrift(
        name=name,
        kind="number",
        psi=psi,
        p_value=0.0,
        missing_share=missing,
        reference_missing_share=0.0,
        missing_p_value=1.0,
        drifted=psi >= 0.1,
        missing=missing > 0.02,
        change="mean 12 -> 31",
    )


def alert(kind: str, *, closed: datetime | None = None, **detail: Any) -> Alert:
    return Alert(
        id=3,
        model="churn",
        kind=kind,
        title="t",
        detail={"version": "v2", "rows": 360, **detail},
        onset=ONSET,
        detected=ONSET + 2 * MINUTE,
        closed=closed,
        run=None,
    )


def series(start: datetime, end: datetime, points: int) -> SeriesData:
    step = (end - start) / points
    times = tuple(start + n * step for n in range(points))
    return SeriesData(
        metric="error_rate",
        unit="share",
        times=times,
        values=tuple(0.05 if at + step > ONSET else 0.001 for at in times),
    )


def chart(card: Card) -> Chart:
    return next(b for b in card.blocks if isinstance(b, Chart))


def table(card: Card) -> Table:
    return next(b for b in card.blocks if isinstance(b, Table))


def drawn(found: Alert, now: datetime) -> Card:
    return draw_alert(found, "note", series(*chart_window(found, now)))


@pytest.mark.parametrize("closed", [None, ONSET + 45 * MINUTE])
def test_the_bars_of_a_drift_alert_are_the_psi_of_its_table(closed: datetime | None) -> None:
    features = [feature("tenure", 2.65).model_dump(), feature("charges", 0.31).model_dump()]
    card = drawn(alert("drift_detected", closed=closed, features=features), ONSET + 3 * MINUTE)
    picture, rows = chart(card), table(card).rows
    assert picture.x == tuple(row[0] for row in rows)
    assert [f"{v:.2f}" for v in picture.series[0].values if v is not None] == [row[2] for row in rows]
    assert picture.limit == 0.1
    assert picture.title.endswith("found 14:05 UTC")


def test_the_bars_of_missing_values_are_the_shares_of_the_table() -> None:
    found = alert("missing_values_detected", features=[feature("tenure", 0.02, 0.41).model_dump()])
    card = drawn(found, ONSET + 3 * MINUTE)
    assert [f"{v:.0f}%" for v in chart(card).series[0].values if v is not None] == [table(card).rows[0][3]]


@pytest.mark.parametrize(("closed_after", "looked_after"), [(None, 3), (None, 600), (46, 46), (46, 400), (600, 600)])
def test_the_line_of_an_alert_shows_when_it_began_and_names_the_same_minute(
    closed_after: int | None, looked_after: int
) -> None:
    closed = None if closed_after is None else ONSET + closed_after * MINUTE
    found = alert("errors_detected", closed=closed, error_rate=0.05, p95=40.0)
    card = drawn(found, ONSET + looked_after * MINUTE)
    facts = dict(next(b for b in card.blocks if isinstance(b, Fields)).fields)
    picture = chart(card)
    (mark,) = picture.marks
    assert facts["Began"].startswith(f"20 Nov {mark.when} UTC") and mark.when == "14:03"
    assert plot_of(picture).when(mark) == "14:03"
    values = picture.series[0].values
    assert picture.limit is not None
    assert (values[mark.at] or 0.0) > picture.limit > (values[mark.at - 1] or 0.0)


def test_what_lies_outside_of_a_window_gets_no_mark_at_its_edge() -> None:
    line = series(ONSET + 46 * MINUTE, ONSET + 106 * MINUTE, 60)
    assert line.place(ONSET) is None
    assert line.place(ONSET + 46 * MINUTE) == 0
    assert line.place(ONSET + 106 * MINUTE) is None
    card = draw_alert(alert("errors_detected", error_rate=0.05, p95=40.0), "note", line)
    assert chart(card).marks == ()


def report(psi: float, minutes: int) -> DriftReport:
    return DriftReport(
        model="churn",
        version="v2",
        start=START - minutes * MINUTE,
        end=START,
        rows=360,
        features=(feature("tenure", psi),),
        score=feature("score", 0.0),
        onset=None,
    )


def test_strong_drift_of_the_last_minute_is_drift_for_everyone_who_shows_it() -> None:
    nothing = NoData(query="drift", window="1 min", searched="test")
    fast, slow = report(2.65, 1), report(0.03, 15)
    assert telling(fast, slow) is fast
    assert telling(report(0.12, 1), slow) is slow
    assert telling(nothing, slow) is slow
    assert telling(fast, nothing) is fast
    assert telling(nothing, nothing) is nothing


async def test_a_calm_look_beside_an_open_drift_alert_names_the_alert() -> None:
    world = lively()
    world.report = report(0.02, 15)
    card = await play(show_status, RunDouble(world), model="churn")
    facts = dict(next(b for b in card.blocks if isinstance(b, Fields)).fields)
    assert facts["Drift"].startswith("no drift in 360 rows")
    assert facts["Drift"].endswith("; alert 1 is still open")


async def test_every_card_with_numbers_and_a_picture_ends_both_on_the_same_day_with_the_same_value() -> None:
    world = Company(days={"churn_rate": lambda day: 5.0 + day.weekday() / 10 + day.day % 7 / 20})
    world.releases.append(release("v2", "v1", "deploy", at=datetime(2026, 11, 5, 10, tzinfo=UTC)))
    for play_it, inputs in ((show_kpis, {"kpi": "churn_rate"}), (send_digest, {})):
        card = await play(play_it, RunDouble(world), model="churn", **inputs)
        row = next(row for row in table(card).rows if row[0] == "Churn rate")
        last = f"{chart(card).series[0].values[-1]:.1f}%"
        assert last in (row[1], row[3].split(",")[0]), card.title
        assert chart(card).x[-1] == "19 Nov"
    effect = await play(explain_effect, RunDouble(world), model="churn", kpi="churn_rate")
    picture = chart(effect)
    before, after = (int(n) for n in table(effect).rows[0][4].split(" / "))
    (mark,) = picture.marks
    assert (mark.at, len(picture.x) - mark.at - 1) == (before, after)
