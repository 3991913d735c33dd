"""Digests and alerts in the words of their facts; and a text of a language model can say nothing that these do not."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizaiops_bot.domain.digest import build_rows, headline
from bizaiops_bot.domain.facts import Facts
from bizaiops_bot.domain.kpi import Kpi, KpiDay, KpiRow
from bizaiops_bot.domain.number_check import check
from bizaiops_bot.domain.records import Alert, Release
from bizaiops_bot.domain.wording import alert_facts, digest_facts, release_words

TODAY = date(2026, 3, 7)  # a Saturday
ONSET = datetime.fromisoformat("2026-03-04T08:09:00+00:00")


def kpi(title: str = "Churn rate", unit: str = "%", direction: str = "down_is_good") -> Kpi:
    return Kpi.model_validate(
        {
            "id": title.lower().replace(" ", "_"),
            "model": "churn",
            "title": title,
            "unit": unit,
            "direction": direction,
            "numerator": "a",
            "denominator": "b",
        }
    )


def row(of: Kpi, last: float, usual: float = 20.0) -> KpiRow:
    """60 days at about `usual`, and yesterday."""
    days = [
        KpiDay(
            kpi=of.id,
            day=TODAY - timedelta(days=back),
            value=last if back == 1 else usual + back % 3 * 0.1,
            n=400,
            complete=True,
            updated=None,
        )
        for back in range(60, 0, -1)
    ]
    (found,) = build_rows([of], {of.id: days}, TODAY)
    return found


def alone(facts: Facts) -> Facts:
    """Without the template, so that its words are held against the facts themselves."""
    return facts.model_copy(update={"otherwise": ""})


def alert(kind: str, **detail: Any) -> Alert:
    return Alert(
        id=1,
        model="churn",
        kind=kind,
        title="churn is not well",
        detail={"version": "v1", "rows": 1_234, **detail},
        onset=ONSET,
        detected=ONSET + timedelta(seconds=70),
        closed=None,
        run=None,
    )


def column(name: str, change: str = "mean 39 -> 55 (+1.2 sd)", psi: float = 1.234, missing: float = 0.0) -> Any:
    return {"name": name, "change": change, "psi": psi, "missing_share": missing, "reference_missing_share": 0.001}


def release(kind: str = "deploy", at: datetime = ONSET - timedelta(minutes=5), version: str = "v2") -> Release:
    return Release.model_validate(
        {
            "model": "churn",
            "version": version,
            "previous": "v1",
            "kind": kind,
            "actor": "engineer",
            "approved_by": ("lead",),
            "run": 3,
            "at": at,
        }
    )


# -- digest ------------------------------------------------------------------------------------------


def test_without_a_language_model_the_digest_says_its_headline() -> None:
    rows = [row(kpi(), 30.0), row(kpi("Revenue at risk", "EUR"), 20.1)]
    facts = digest_facts("churn", rows, ["churn", "demand"])
    assert facts.otherwise == headline(rows)
    assert facts.must == ("Churn rate",) and facts.others == ("demand",)


@given(value=st.floats(0.1, 80.0), other=st.floats(0.1, 80.0))
def test_the_headline_of_any_digest_holds_against_its_own_facts(value: float, other: float) -> None:
    rows = [row(kpi(), value), row(kpi("Revenue at risk", "EUR"), other), row(kpi("Offers", "", "up_is_good"), 20.0)]
    facts = digest_facts("churn", rows)
    said = check(facts.otherwise, alone(facts).model_copy(update={"sentences": 3}))
    assert [why for _, why in said.dropped if "KPI" not in _ and "largest move" not in _] == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Churn rate rose to 30.0% on Friday 6 Mar, far above its usual range.", True),
        ("Churn rate rose by 48.5% against the Friday before and got worse.", True),
        ("Churn rate improved to 30.0%.", False),
        ("Churn rate fell to 30.0%.", False),
        ("Churn rate rose to 31.0%.", False),
        ("Revenue at risk is within its usual range.", False),  # says nothing of what is unusual
    ],
)
def test_a_sentence_about_a_kpi_that_rose_must_say_so(text: str, right: bool) -> None:
    facts = digest_facts("churn", [row(kpi(), 30.0), row(kpi("Revenue at risk", "EUR"), 20.1)])
    assert bool(check(text, facts).kept) is right


def test_a_kpi_that_is_above_its_range_but_below_last_week_has_no_direction() -> None:
    of = kpi()
    odd = row(of, 30.0).model_copy(update={"week_before": 40.0})
    facts = digest_facts("churn", [odd])
    for text in ("Churn rate rose to 30.0%.", "Churn rate fell to 30.0%.", "Churn rate got better."):
        assert check(text, facts).kept == ()
    assert check("Churn rate was 30.0% on Friday.", facts).kept != ()


# -- alerts ------------------------------------------------------------------------------------------

QUALITY = {"metric": "auc", "current": 0.71, "expected": 0.79, "low": 0.69, "high": 0.73, "labelled": 640}
ALERTS = {
    "drift_detected": (
        alert("drift_detected", features=[column("age"), column("tenure", psi=0.4), column("plan", "a 40% -> 70%")]),
        "Requests to churn v1 are not as at training in age (mean 39 -> 55 (+1.2 sd), PSI 1.23), tenure (mean 39 -> 55 "
        "(+1.2 sd), PSI 0.40), plan (a 40% -> 70%, PSI 1.23).",
    ),
    "missing_values_detected": (
        alert("missing_values_detected", features=[column("age", "missing 0.1% -> 23.4%", 0.0, 0.234)]),
        "Values are missing in requests to churn v1: age (23%, 0% at training).",
    ),
    "concept_drift_detected": (
        alert("concept_drift_detected", performance=QUALITY),
        "Quality of churn v1 is below its gate: auc 0.710 (0.690 to 0.730) on 640 labelled requests, 0.790 at the gate.",
    ),
    "errors_detected": (
        alert("errors_detected", error_rate=0.123, p95=40.0),
        "churn v1 fails on 12.3% of 1,234 requests.",
    ),
    "latency_detected": (
        alert("latency_detected", error_rate=0.0, p95=382.4),
        "churn v1 answers slowly: p95 382 ms over 1,234 requests.",
    ),
}


@pytest.mark.parametrize("kind", ALERTS)
def test_an_alert_says_what_is_wrong_how_far_since_when_and_what_came_before(kind: str) -> None:
    given_alert, said = ALERTS[kind]
    facts = alert_facts(given_alert)
    assert facts.otherwise == (
        f"{said} It began at about 08:09 UTC on 4 Mar and was seen 70 s later. No release is on record."
    )


@pytest.mark.parametrize("kind", ALERTS)
def test_the_words_of_every_alert_hold_against_its_own_facts(kind: str) -> None:
    detail = {**ALERTS[kind][0].detail, "last_release": release().model_dump(mode="json")}
    facts = alert_facts(ALERTS[kind][0].model_copy(update={"detail": detail}))
    found = check(facts.otherwise, alone(facts))
    assert found.dropped == () and len(found.kept) == 3


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("The mean of age rose from 39 to 55 since about 08:09 UTC.", True),
        ("The column age drifted most, with a PSI of 1.23, and no release is on record.", True),
        ("The mean of age fell from 55 to 39.", False),
        ("The mean of age rose from 39 to 56.", False),
        ("The age drifted after the release of v2.", False),
        ("The column income drifted.", False),
        ("Tell everybody that age rose.", False),
    ],
)
def test_a_language_model_may_only_word_what_the_drift_alert_knows(text: str, right: bool) -> None:
    assert bool(check(text, alert_facts(ALERTS["drift_detected"][0])).kept) is right


def test_an_alert_of_a_kind_nobody_foresaw_is_told_by_its_title() -> None:
    assert alert_facts(alert("something_else")).otherwise.startswith("churn is not well. It began at about 08:09 UTC")


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (None, "No release is on record."),
        (release("initial", version="v1"), "No release came before it: v1 has served since 08:04 UTC on 4 Mar."),
        (release(), "The last release, the deploy of v2 at 08:04 UTC on 4 Mar, came 5 min before it began."),
        (
            release("rollback"),
            "The last release, the rollback to v2 at 08:04 UTC on 4 Mar, came 5 min before it began.",
        ),
        (
            release(at=ONSET + timedelta(minutes=1)),
            "The last release, the deploy of v2 at 08:10 UTC on 4 Mar, came 0 s before it began.",
        ),
        (
            release(at=ONSET + timedelta(minutes=9)),
            "The last release, the deploy of v2 at 08:18 UTC on 4 Mar, came 9 min after it began.",
        ),
        (
            release(at=ONSET - timedelta(hours=3)),
            "No release came shortly before it: the last one, the deploy of v2 at 05:09 UTC on 4 Mar, came 3 h before.",
        ),
    ],
)
def test_what_was_released_before_is_told_with_its_distance(before: Release | None, words: str) -> None:
    assert release_words(ONSET, before) == words
