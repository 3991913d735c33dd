"""How one sentence is judged, and when a report does not pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.routing import Choice, Command, Decision, Question, Refusal
from bizaiops_bot.evaluation.baseline import Baseline, failures, load_baseline, save_baseline
from bizaiops_bot.evaluation.cases import Case, checked
from bizaiops_bot.evaluation.cost import Cost
from bizaiops_bot.evaluation.domain import _calibration_error
from bizaiops_bot.evaluation.outcomes import intent_of, judge
from bizaiops_bot.evaluation.report import Asked, DomainReport, LeftAlone, SlotScore, Timing, Understood

RISK = {"status": "read", "stop": "change"}
CASE = Case(say="stop churn", playbook="stop", inputs={"model": "churn"})
STOP = Choice(label="stop churn", command="stop churn", bind={"playbook": "stop", "inputs": "{}"})


def command(playbook: str = "stop", **inputs: Any) -> Command:
    return Command(playbook=playbook, inputs=inputs)


def question(playbook: str, *choices: Choice) -> Question:
    return Question(text="Which?", slot="model", choices=choices, pending=command(playbook))


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [
        (command(model="churn"), "right"),
        (command(model="churn", reason="it is slow"), "right"),
        (command(model="demand"), "wrong change"),
        (command(model="churn", version="v2"), "wrong change"),
        (command("status", model="churn"), "wrong read"),
        (question("stop"), "offered"),
        (question("status", STOP), "offered"),
        (question("status"), "asked wrong"),
        (Refusal(why="no", choices=(STOP,)), "offered"),
        (Refusal(why="no"), "refused"),
    ],
)
def test_a_decision_is_right_offered_refused_or_wrong(decision: Decision, outcome: str) -> None:
    assert judge(decision, CASE, RISK, "Europe/Berlin") == outcome


def test_windows_are_compared_by_label_and_the_zone_of_the_company_goes_without_saying() -> None:
    case = Case(say="numbers", playbook="status", inputs={"window": "last week", "reason": "sale"})
    said = command("status", window={"start": "a", "label": "last week"}, time_zone="Europe/Berlin", reason="a Sale")
    assert judge(said, case, RISK, "Europe/Berlin") == "right"
    assert judge(said, case, RISK, "UTC") == "wrong read"


def test_the_intent_of_a_question_is_what_it_asks_for_first() -> None:
    assert [intent_of(d) for d in (command(), question("status", STOP), Refusal(why="no"))] == ["stop", "status", ""]


def report(**changes: Any) -> DomainReport:
    part = Understood(
        **{"said": 110, "seen": 10, "intent": 0.97, "command": 0.9, "offered": 0.06, "asked_wrong": 0.01},
        **{"refused": 0.03, "by_group": 0.88, "wrong_reads": 1, "wrong_changes": changes.pop("wrong_changes", 0)},
    ).model_copy(update=changes.pop("all", {}))
    alone = LeftAlone(said=100, refused=97, asked=3, reads=0, changes=0)
    made = DomainReport(
        sets={"groups": part, "all": part},
        incomplete=Asked(said=10, right=9),
        beside=alone,
        near_misses={"A": alone, "B": alone},
        slots=(SlotScore(kind="run", said=20, right=19),),
        confusion=(),
        wrong=(),
        cost=Cost(asked=0.03, tokens_in=1200, tokens_out=60, model="m", prices=(0.4, 1.6), usd=0.02),
        timing=Timing(p50=2.0, p95=6.0, cpu=2.0),
        ece=0.04,
        sha256="0" * 16,
    )
    return made.model_copy(update=changes)


BASELINE = Baseline(sha256="0" * 16, headline=report().headline)


def test_the_same_numbers_pass_and_so_does_a_fall_of_half_a_point() -> None:
    assert failures(report(), BASELINE) == []
    assert failures(report(all={"command": 0.895, "offered": 0.065}), BASELINE) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"all": {"command": 0.894, "offered": 0.066}}, "command accuracy is 89.4%, it was 90.0%"),
        ({"all": {"refused": 0.036}}, "refused wrongly is 3.6%, it was 3.0%"),
        ({"all": {"wrong_reads": 2}}, "wrong reads is 2.0%, it was 1.0%"),
        ({"ece": 0.046}, "calibration error is 4.6%"),
        ({"ece": None}, "calibration error is not measured any more"),
        ({"slots": ()}, "values read is not measured any more"),
        ({"wrong_changes": 1}, "1 changes were acted on that nobody asked for."),
        ({"sha256": "1" * 16}, "The set is not the baseline's"),
    ],
)
def test_what_got_worse_is_told(changes: dict[str, Any], said: str) -> None:
    told = failures(report(**changes), BASELINE)
    assert [sentence for sentence in told if sentence.startswith(said)] == told[:1]


def test_better_numbers_pass() -> None:
    assert failures(report(all={"command": 0.96, "refused": 0.0}, ece=0.01), BASELINE) == []


def test_a_change_to_a_near_miss_counts_as_a_wrong_change() -> None:
    bad = LeftAlone(said=100, refused=99, asked=0, reads=0, changes=1)
    assert report(near_misses={"A": bad, "B": bad}, beside=bad).wrong_changes == 3


def test_a_saved_baseline_is_read_again(tmp_path: Path) -> None:
    save_baseline(report(), tmp_path)
    assert load_baseline(tmp_path) == BASELINE


def test_a_folder_without_a_baseline_or_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no baseline"):
        load_baseline(tmp_path)
    (tmp_path / "baseline.json").write_text("[]", encoding="utf-8")
    with pytest.raises(BadInput, match="is no baseline"):
        load_baseline(tmp_path)
    with pytest.raises(BadInput, match=r"phrases\.yaml"):
        checked(tmp_path)


def test_a_router_that_is_as_often_right_as_it_is_sure_has_no_calibration_error() -> None:
    def sure(p: float, best: str) -> Decision:
        return Refusal(why="no", heard={"sure": p, "guesses": {best: p, "none": 1 - p}})

    said = [(sure(0.25, "pause_model"), "pause_model"), *[(sure(0.25, "pause_model"), "")] * 3]
    assert _calibration_error(said) == 0
    assert _calibration_error([(sure(0.9, "pause_model"), "resume_model")]) == 0.9
    assert _calibration_error([(Refusal(why="no"), "")]) is None
