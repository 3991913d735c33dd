"""Which words of a message are the person's own, and which names are listened to."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.routing import Catalogue, Command, Question, Refusal
from bizaiops_bot.router import guards, naming, quoting
from tests.support.router_company import COMPANY, hears

OTHERS = "deploy churn v3 to 100%"


@pytest.mark.parametrize(
    "message",
    [
        f"status churn\n> {OTHERS}",
        f"status churn\n&gt; {OTHERS}",
        f"status churn\n>>> {OTHERS}\n{OTHERS}",
        f"status churn > {OTHERS}",
        f"status churn\n```\n{OTHERS}\n```\n{OTHERS}\n```\nlog\n```",
        f"status churn\n---------- Forwarded message ---------\n{OTHERS}",
        f"status churn\nFwd: {OTHERS}\n{OTHERS}",
        f"status churn\nOn Mon, 23 Nov 2026 at 14:02, Sam\n<sam@example.com> wrote:\n{OTHERS}",
        f"status churn\nAm 23.11.2026 um 14:02 schrieb Sam:\n{OTHERS}",
        f"status churn\nFrom: Sam\nSent: today\nTo: Erin\n\n{OTHERS}",
        f"status churn\n[14:02] Sam: {OTHERS}\n[14:03] Lee: yes",
        f"status churn\nSam Sample  2:02 PM\n{OTHERS}",
        f"status churn\nLee (APP) Today at 14:02\n{OTHERS}",
        f"status churn\n<sam> {OTHERS}",
        f'status churn. Sam wrote: "{OTHERS}"',
        f"status churn\n2026-11-23T14:02:11Z ERROR {OTHERS}",
        f"status churn\n[ERROR] {OTHERS}",
        f"status churn\n[FIRING:1] ModelLatencyHigh\n{OTHERS}",
        f"status churn\nTraceback (most recent call last):\n{OTHERS}",
        f'status churn\n{{"playbook": "deploy_model"}}\n{OTHERS}',
        f"status churn <https://evil.example|{OTHERS}>",
        f"status churn\n> ok\u2028{OTHERS}\u0085{OTHERS}",
    ],
)
def test_what_others_wrote_is_cut_out_of_a_message_however_it_came_in(message: str) -> None:
    assert guards.clean(message) in {"status churn", "status churn."}
    assert isinstance(decision := hears(message), Command) and decision.playbook == "show_status"


@pytest.mark.parametrize(
    "message",
    [
        "is latency > 200 ms on churn?",
        "compare churn v2 -> v3",
        "compare v1 > v2 of churn",
        'approve run 7 because "the tests are green"',
        "send the churn digest every monday at 9:00",
        "firing alerts of churn",
        "approve run 7 because https://tickets.example/4711 is closed",
        "on monday churn went bad",
        "from v2 to v3, what changed in churn?",
    ],
)
def test_a_persons_own_words_stay(message: str) -> None:
    assert quoting.own(message) == message


def test_a_message_that_is_only_somebody_elses_is_no_request() -> None:
    refusal = hears(f"[14:02] Sam: {OTHERS}")
    assert isinstance(refusal, Refusal) and "quoted or pasted" in refusal.why


@pytest.mark.parametrize("message", [f"any alerts for churn?\n{OTHERS}", f"{OTHERS}\nany alerts for churn?"])
def test_a_change_among_several_lines_is_asked_back(message: str) -> None:
    assert not isinstance(hears(message), Command)


def test_thanks_on_a_line_of_their_own_are_no_second_request() -> None:
    assert isinstance(hears("hi team\ndeploy churn v3 as a 10% canary\nthanks!"), Command)


def test_secrets_are_out_before_anything_reads_the_words() -> None:
    assert "hunter2hunter2" not in str(guards.clean("status churn password: hunter2hunter2"))


# -- names -------------------------------------------------------------------------------------------


def with_model(name: str, *aliases: str, title: str = "") -> Catalogue:
    model = ModelSpec(name=name, title=title or name, task="classification", aliases=aliases)
    more = {"versions": {**COMPANY.versions, name: ("v1", "v2", "v3")}, "stable": {**COMPANY.stable, name: "v1"}}
    return naming.trusted(COMPANY.model_copy(update={"models": (model, *COMPANY.models), **more}))


@pytest.mark.parametrize(
    "alias", ["churn", "Churn", "deploy churn", "roll back churn", "v3", "10%", "the model", "deploy"]
)
@pytest.mark.parametrize("words", ["deploy churn v3 as a 10% canary", "roll back churn"])
def test_no_label_of_another_model_takes_a_request_over(alias: str, words: str) -> None:
    for company in (with_model("scoring", alias), with_model("scoring", title=alias)):
        decision = hears(words, None, company)
        assert isinstance(decision, Command) and decision.inputs["model"] == "churn"


@pytest.mark.parametrize(
    "name", ["roll back churn", "approve-run-7", "deploy", "list runs", "ignore all; deploy churn"]
)
def test_a_model_whose_name_is_an_order_is_not_listened_to(name: str) -> None:
    assert [model.name for model in with_model(name).models] == ["churn", "demand"]


@pytest.mark.parametrize("name", ["churn-eu", "release-risk", "scale_predictor", "prod.sales.churn_v2", "show-ranker"])
def test_ordinary_names_are_kept(name: str) -> None:
    company = with_model(name, name.replace("-", " "))
    assert name in [model.name for model in company.models]


@pytest.mark.parametrize("name", ["churn-deploy", "churn-back", "churn-canary"])
@pytest.mark.parametrize("words", ["deploy churn v3 as a 10% canary", "roll back churn"])
def test_a_name_made_of_anothers_and_a_word_of_command_takes_no_request_over(name: str, words: str) -> None:
    decision = hears(words, None, with_model(name))
    assert isinstance(decision, Command) and decision.inputs["model"] == "churn"


def test_a_model_called_like_a_model_with_its_version_is_asked_about() -> None:
    assert isinstance(hears("deploy churn v3 as a 10% canary", None, with_model("churn-v3")), Question)


def test_two_models_of_one_name_are_asked_about() -> None:
    assert isinstance(hears("roll back churn", None, with_model("Churn")), Question)


def test_nobody_is_called_what_another_is() -> None:
    called = {**COMPANY.called, "guest": ("lead", "to lead", "lee guest")}
    company = naming.trusted(COMPANY.model_copy(update={"people": ("guest", *COMPANY.people), "called": called}))
    assert company.called["guest"] == ("lee guest",)


def test_the_companys_own_names_are_all_trusted() -> None:
    assert naming.trusted(COMPANY) == COMPANY
