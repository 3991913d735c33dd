"""Why is a model as it is: the rules' answer for everything that can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.beginnings import began, blamed, grown, last_before, level
from bizaiops_bot.domain.cards import Card, Fields, Table, Text
from bizaiops_bot.domain.facts import Facts, Look, Said
from bizaiops_bot.domain.investigation import Evidence, Kind, diagnose, investigation_facts
from bizaiops_bot.domain.monitoring import DriftReport, FeatureDrift, HealthSample, PerformanceDrift, SeriesData
from bizaiops_bot.domain.number_check import check
from bizaiops_bot.domain.records import Alert, Release
from bizaiops_bot.domain.services import Revision, TrafficState
from bizaiops_bot.domain.values import NoData
from playbooks.investigate_model import investigate_model
from tests.support import services
from tests.support.fake_company import Company
from tests.support.run_double import RunDouble, play
from tests.unit.test_playbooks_operate import waiting_run
from tests.unit.test_playbooks_read import lively

NOW = datetime.fromisoformat("2026-03-04T10:00:00+00:00")
NOTHING = NoData(query="it", window="2 h", searched="a test")
CALM, SLOW = [47.0] * 120, [47.0] * 100 + [390.0] * 20
SINCE = NOW - timedelta(minutes=20)


def series(values: Sequence[float | None], metric: str = "latency_p95_ms") -> SeriesData:
    """A point a minute up to now."""
    times = tuple(NOW - timedelta(minutes=len(values) - i) for i in range(len(values)))
    return SeriesData(metric=metric, unit="ms", times=times, values=tuple(values))


def health(version: str = "v1", errors: int = 1, p95: float = 47.0, requests: int = 1_000) -> HealthSample:
    return HealthSample(
        version=version,
        requests=requests,
        errors=errors,
        latency_p50_ms=p95 / 2,
        latency_p95_ms=p95,
        start=NOW - timedelta(minutes=3),
        end=NOW,
    )


def feature(name: str, *, drifted: bool = False, missing: bool = False) -> FeatureDrift:
    return FeatureDrift(
        name=name,
        kind="number",
        psi=1.2 if drifted else 0.01,
        p_value=0.0,
        missing_share=0.3 if missing else 0.0,
        reference_missing_share=0.0,
        missing_p_value=1.0,
        drifted=drifted,
        missing=missing,
        change="mean 39 -> 55 (+1.2 sd)",
    )


def report(*features: FeatureDrift) -> DriftReport:
    return DriftReport(
        model="churn",
        version="v1",
        start=NOW - timedelta(minutes=15),
        end=NOW,
        rows=3_000,
        features=features,
        score=feature("score"),
        onset=NOW - timedelta(minutes=9),
    )


def lost(*, drifted: bool) -> PerformanceDrift:
    return PerformanceDrift(
        metric="auc",
        current=0.71,
        expected=0.79,
        low=0.69,
        high=0.73,
        labelled=640,
        drifted=drifted,
        onset=NOW - timedelta(minutes=30),
    )


def traffic(*, canary: bool = False, paused: bool = False) -> TrafficState:
    revisions = [Revision(name="a", version="v1", weight=90 if canary else 100, role="stable")]
    if canary:
        revisions.append(Revision(name="b", version="v2", weight=10, role="canary"))
    return services.traffic(NOW, *revisions, count=2, paused=paused)


def release(kind: Any = "deploy", version: str = "v1", at: datetime = SINCE - timedelta(minutes=4)) -> Release:
    return Release(
        model="churn", version=version, previous="v0", kind=kind, actor="engineer", approved_by=("lead",), run=3, at=at
    )


FIRST = release("initial", at=NOW - timedelta(days=9)).model_copy(update={"previous": None})


def seen(**changed: Any) -> Evidence:
    """A calm model; tests change one side of it."""
    calm: dict[str, Any] = {
        "model": "churn",
        "now": NOW,
        "health": (health(),),
        "latency": series(CALM),
        "errors": series([0.001] * 120, "error_rate"),
        "load": series([360.0] * 120, "requests_per_minute"),
        "traffic": traffic(),
        "releases": (FIRST,),
        "alerts": (),
        "report": report(feature("age")),
        "labels": lost(drifted=False),
        "runs": (),
    }
    return Evidence(**calm | changed)


SLOWNESS = {"health": (health(p95=390.0),), "latency": series(SLOW)}
FAILING = {"health": (health(errors=120),), "errors": series([0.001] * 100 + [0.12] * 20, "error_rate")}
DRIFT = {"report": report(feature("age", drifted=True))}
HOLES = {"report": report(feature("age", missing=True), feature("plan", drifted=True))}
LOAD = {"load": series([100.0] * 100 + [400.0] * 20, "requests_per_minute")}
ALERT = Alert(
    id=1,
    model="churn",
    kind="latency_detected",
    title="churn v1: p95 300 ms",
    detail={},
    onset=SINCE,
    detected=SINCE,
    closed=None,
    run=None,
)

CASES: list[tuple[str, dict[str, Any], Kind, str, str]] = [
    ("slow without a release", SLOWNESS, "latency", "Likeliest cause: the serving infrastructure", ""),
    (
        "slow after a release",
        SLOWNESS | {"releases": (release(), FIRST)},
        "latency",
        "the release of v1. The last release, the deploy of v1 at 09:36 UTC on 4 Mar, came 4 min before",
        "roll back churn",
    ),
    (
        "slow long after a release",
        SLOWNESS | {"releases": (release(at=NOW - timedelta(hours=9)),)},
        "latency",
        "No release came shortly before it",
        "",
    ),
    (
        "slow after the release of another version",
        SLOWNESS | {"releases": (release(version="v9"),)},
        "latency",
        "the serving infrastructure",
        "",
    ),
    (
        "slow after a rollback",
        SLOWNESS | {"releases": (release("rollback"),)},
        "latency",
        "the serving infrastructure",
        "",
    ),
    ("slow under load", SLOWNESS | LOAD, "latency", "load, with 4.0 times the requests", "scale churn to 4 replicas"),
    (
        "only the canary is slow",
        {"health": (health(), health("v2", p95=400.0)), "traffic": traffic(canary=True)},
        "latency",
        "v2 itself: v2 gets 10% as a canary",
        "roll back churn",
    ),
    ("failing without a release", FAILING, "errors", "the serving infrastructure", ""),
    ("failing after a release", FAILING | {"releases": (release(),)}, "errors", "the release of v1", "roll back churn"),
    ("errors come before slowness", SLOWNESS | FAILING, "errors", "the serving infrastructure", ""),
    ("drifting", DRIFT, "drift", "the requests have changed", "retrain churn"),
    (
        "drifting while a retraining waits",
        DRIFT | {"runs": (waiting_run().model_copy(update={"id": 12, "playbook": "retrain_model"}),)},
        "drift",
        "the requests have changed",
        "show run 12",
    ),
    ("holes in the data", HOLES, "missing values", "a broken data feed", ""),
    (
        "quality lost",
        {"labels": lost(drifted=True)},
        "quality",
        "what the inputs mean has changed",
        "retrain churn",
    ),
    ("paused", {"traffic": traffic(paused=True), "health": NOTHING}, "paused", "Somebody paused it", "resume churn"),
    ("nothing measured", {"health": NOTHING}, "unknown", "No answer is not a good answer", ""),
    ("too few requests", {"health": (health(requests=3, errors=0),)}, "unknown", "No answer is not a good answer", ""),
    ("well, with an alert still open", {"alerts": (ALERT,)}, "unknown", "It closes when", ""),
    ("well", {}, "nothing", "There is no drift", ""),
    ("well, drift not known", {"report": NOTHING}, "nothing", "", ""),
]


@pytest.mark.parametrize(("changed", "kind", "because", "say"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_the_likeliest_cause_is_named_with_its_reason(changed: Any, kind: Kind, because: str, say: str) -> None:
    found = diagnose(seen(**changed))
    assert (found.worst.kind, found.worst.say) == (kind, say)
    assert because in found.worst.because
    assert [look.question for look in found.looks] == [look.question for look in diagnose(seen()).looks]


@pytest.mark.parametrize("changed", [case[1] for case in CASES], ids=[c[0] for c in CASES])
def test_the_rules_answer_holds_against_its_own_facts(changed: Any) -> None:
    found = diagnose(seen(**changed))
    facts = investigation_facts(found, ("churn", "demand"))
    said = check(facts.otherwise, facts.model_copy(update={"otherwise": "", "sentences": 20}))
    assert [pair for pair in said.dropped if "denied" not in pair[1]] == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("churn is slow because of the serving infrastructure.", True),
        ("The slow answers are not the fault of a release: no release came before it.", True),
        ("churn is slow because of the serving infrastructure, not because of a release.", True),
        ("churn is slow because of a release.", False),
        ("The release of v1 and the serving infrastructure caused the latency.", False),
        ("The latency was caused by a backup.", False),
    ],
)
def test_a_language_model_may_name_no_other_cause_than_the_rules(text: str, right: bool) -> None:
    facts = investigation_facts(diagnose(seen(**SLOWNESS)))
    assert bool(check(text, facts).kept) is right


def test_where_no_cause_is_known_none_may_be_named() -> None:
    facts = investigation_facts(diagnose(seen()))
    assert check("Nothing is wrong with churn.", facts).kept != ()
    assert check("Nothing is wrong with churn because of the release of v1.", facts).kept == ()


def test_the_beginning_and_the_level_before_are_told() -> None:
    found = diagnose(seen(**SLOWNESS))
    assert found.worst.since == SINCE
    assert found.worst.what == (
        "churn v1 is slow since about 09:40 UTC on 4 Mar: latency p95 390 ms, 47 ms before, limit 141 ms."
    )
    assert found.title == "churn: latency since 09:40 UTC on 4 Mar"


def test_what_is_wrong_besides_is_told_after_the_worst() -> None:
    found = diagnose(seen(**SLOWNESS | DRIFT))
    assert [cause.kind for cause in found.causes] == ["latency", "drift"]
    assert found.summary.index("is slow") < found.summary.index("not as at training")


def test_with_holes_in_the_data_nobody_is_told_to_retrain() -> None:
    assert [cause.say for cause in diagnose(seen(**HOLES)).causes] == ["", ""]


@pytest.mark.parametrize(
    ("values", "minutes_ago"),
    [
        ([40.0] * 10, None),
        ([40.0] * 5 + [400.0] * 5, 5),
        ([400.0] * 10, 10),
        ([40.0] * 5 + [400.0, 400.0, 40.0, 400.0, 400.0], 5),  # one calm point does not end it
        ([400.0] * 3 + [40.0, 40.0] + [400.0] * 5, 5),  # two do
        ([400.0] * 5 + [40.0] * 5, None),  # over
        ([40.0] * 5 + [400.0, None, None, 400.0, None], 5),
        ([None] * 10, None),
    ],
)
def test_the_first_minute_above_the_limit_is_found(values: list[float | None], minutes_ago: int | None) -> None:
    expected = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    assert began(series(values), 150.0) == expected


def test_without_data_nothing_is_made_up() -> None:
    assert began(NOTHING, 1.0) is None and level(NOTHING, None, None) is None and grown(NOTHING, NOW) is None
    assert level(series([1.0] * 4), None, None) is None
    assert grown(series([0.0] * 10 + [5.0] * 5), NOW - timedelta(minutes=5)) is None


def test_a_release_is_blamed_for_its_own_version_within_the_hour() -> None:
    assert blamed(release(), SINCE, "v1") and not blamed(release(), SINCE, "v2")
    assert not blamed(release(at=SINCE - timedelta(hours=2)), SINCE, "v1")
    assert not blamed(release(at=SINCE + timedelta(minutes=9)), SINCE, "v1")
    assert last_before((release(at=NOW), FIRST), SINCE) == FIRST
    assert last_before((), SINCE) is None


# -- the playbook ------------------------------------------------------------------------------------


def facts_on(card: Card) -> dict[str, str]:
    return dict(next((b for b in card.blocks if isinstance(b, Fields)), Fields(fields=())).fields)


def tables_on(card: Card) -> dict[str, Table]:
    return {b.caption: b for b in card.blocks if isinstance(b, Table)}


async def test_the_card_has_the_answer_what_was_looked_at_and_what_may_be_said() -> None:
    card = await play(investigate_model, RunDouble(lively()), model="churn")
    assert card.title.startswith("churn: drift since 11:00 UTC on 20 Nov")
    assert "Requests to churn v1 are not as at training" in card.summary and "Quality of churn v1" in card.summary
    looked = {row[0]: row[1] for row in tables_on(card)["What I looked at"].rows}
    assert looked["What was released?"].startswith("the deploy of v1 at 11:30 UTC on 20 Nov by engineer")
    assert any("`retrain churn`" in b.text for b in card.blocks if isinstance(b, Text))
    assert [b.command for b in card.buttons] == ["status churn", "history of churn", "list alerts of churn"]


async def test_a_company_that_measures_nothing_gets_no_verdict() -> None:
    card = await play(investigate_model, RunDouble(Company()), model="churn")
    assert card.title == "churn: cannot be told"
    assert card.tone == "info" and "no data for anything" in card.summary


class Worded:
    """The Words port of a language model that has answered."""

    async def sentence(self, task: Any, facts: Facts, *, channel: str) -> Said:
        raise AssertionError("an investigation is no sentence")

    async def investigate(self, model: str, facts: Facts, *, channel: str) -> Said:
        looks = (Look(question="drift of churn, 15 minutes", finding="tenure (PSI 0.41)"),)
        return Said(text="Drift in tenure is behind it.", source="language model", looks=looks)


async def test_a_language_models_answer_is_marked_and_stands_beside_the_rules_finding() -> None:
    run = RunDouble(lively())
    run.words = Worded()
    card = await play(investigate_model, run, model="churn")
    assert isinstance(card.blocks[0], Text) and card.blocks[0].text == "Drift in tenure is behind it."
    assert facts_on(card)["Rules find"].startswith("Requests to churn v1 are not as at training")
    assert tables_on(card)["What the language model looked at"].rows == (
        ("drift of churn, 15 minutes", "tenure (PSI 0.41)"),
    )
    assert "Written by a language model, numbers checked." in str(card.blocks[-1])
    assert card.title.startswith("churn: drift since")


async def test_a_plan_of_an_investigation_asks_no_language_model() -> None:
    run = RunDouble(lively(), planning=True)
    run.words = Worded()
    card = await play(investigate_model, run, model="churn")
    assert "language model" not in str(card.blocks)
