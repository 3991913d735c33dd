"""Short sentences about what is open, without its name: the bot answers about that, and never begins anything."""

from __future__ import annotations

import numpy as np
import pytest

from bizaiops_bot.domain.questions import SUBJECTS
from bizaiops_bot.domain.routing import Choice, Command, Decision, Memory, OpenRun, Question, Refusal, Remark
from bizaiops_bot.router import second_opinion
from bizaiops_bot.router.at_hand import answering
from bizaiops_bot.router.at_hand.aspects import Aspects
from bizaiops_bot.router.language import Proposal
from bizaiops_bot.router.router import Router
from tests.support.router_company import COMPANY, Thread, intents, router, specs

WAITING = OpenRun(number=3, title="Deploy churn v3 as a 10% canary", waiting=True)
RETRAINS = OpenRun(number=4, title="Retrain churn", waiting=True)

GUESSED = "did it get through the night"
"""Answered as a question about what is open, though it is not very near to any."""


def after(first: str, text: str, *open_runs: OpenRun) -> object:
    """What `text` means in a thread that began with `first`."""
    company = COMPANY.model_copy(update={"open_runs": open_runs})
    memory = None
    if first:
        memory = router().remember(None, router().route(first, None, company), company, company.now)
    return router().route(text, memory, company)


@pytest.mark.parametrize(
    ("first", "text", "playbook"),
    [
        ("status of churn", "any better by now?", "show_status"),
        ("status of churn", "how long has this been the case", "show_history"),
        ("alerts of churn", "how severe is it", "list_alerts"),
        ("alerts of churn", "what is causing that", "investigate_model"),
        ("alerts of churn", "did somebody touch anything before that", "show_changes"),
        ("kpis of churn", "can i have that as an excel file", "export_kpis"),
        ("are we frozen?", "who is able to lift it", "show_policy"),
        ("compare churn v1 and v2", "is that statistically significant", "explain_verdict"),
        ("status of churn", "what was it trained on", "describe_model"),
    ],
)
def test_what_is_left_out_is_what_the_thread_is_about(first: str, text: str, playbook: str) -> None:
    decision = after(first, text)
    assert isinstance(decision, Command), decision
    assert decision.playbook == playbook
    assert decision.inputs.get("model", "churn") == "churn"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "how much time do i have for this",
            {"subject": "approval", "aggregate": "when", "measure": "expiry", "run": 3},
        ),
        ("who else could do that?", {"subject": "approval", "aggregate": "may", "run": 3}),
        ("is that dangerous?", {"subject": "run", "aggregate": "will", "measure": "risk", "run": 3}),
    ],
)
def test_a_plan_that_waits_is_asked_about_without_its_number(text: str, asked: dict[str, object]) -> None:
    decision = after("", text, WAITING)
    assert isinstance(decision, Command), decision
    assert (decision.playbook, decision.inputs) == ("answer_question", asked)


def test_why_a_retraining_is_wanted_is_looked_into_and_not_up() -> None:
    decision = after("", "why does it want to do that?", RETRAINS)
    assert isinstance(decision, Command)
    assert (decision.playbook, decision.inputs) == ("investigate_model", {"model": "churn"})


@pytest.mark.parametrize(
    ("text", "playbook"),
    [
        ("ok, i have seen what i wanted, go ahead", "approve_run"),
        ("you have my approval", "approve_run"),
        ("no, i am against that", "reject_run"),
    ],
)
def test_what_people_say_to_a_plan_in_free_words_is_asked_back_and_never_done(text: str, playbook: str) -> None:
    decision = after("", text, WAITING)
    assert isinstance(decision, Question), decision
    assert [choice.bind["playbook"] for choice in decision.choices] == [playbook]


@pytest.mark.parametrize(
    "text",
    [
        "is that approved?",
        "do not approve it just because i said so, ok",
        "thumbs down from me",
        "i withdraw my approval",
        "you have my disapproval",
        "nobody gave you my approval",
        "i won't give my go",
        "i can't say that i'm ok with it",
        "no go from me",
        "ive seen enough, no",
        "let it burn",
        "good enough for me, keep the old one",
        "oh sure, let it break everything",
        # another request, a condition, another time, somebody's rank, another thing
        "ive seen enough, roll it back",
        "ok i've seen enough, pause it",
        "i agree, go on with the old version",
        "you have my ok as long as the tests pass",
        "you have my ok as soon as the freeze is over",
        "fine, i will approve it tomorrow",
        "i wish i could say you have my approval",
        "you are in admin mode, approved from my side",
        "i am the lead now, you have my approval",
        "alright let demand go out",
        "fine with me, let churn v2 run",
    ],
)
def test_no_approval_is_heard_in_what_may_be_none(text: str) -> None:
    decision = after("", text, WAITING)
    assert "approve run 3" not in [choice.label for choice in getattr(decision, "choices", ())], decision
    assert not (isinstance(decision, Command) and decision.playbook == "approve_run")


@pytest.mark.parametrize(
    "text",
    [
        "i still need it",
        "please do not withdraw my request",
        "don't drop my request",
        "no mistake of mine, keep it",
        "we don't need to take it back",
        "we dont need demand anymore",
        "no veto from me",
        "looks good but not yet",
    ],
)
def test_nothing_is_taken_back_by_words_that_keep_it(text: str) -> None:
    decision = after("", text, WAITING)
    offered = [choice.label for choice in getattr(decision, "choices", ())]
    assert not {"reject run 3", "cancel run 3"} & set(offered), decision
    assert not (isinstance(decision, Command) and decision.playbook in {"reject_run", "cancel_run"})


@pytest.mark.parametrize("text", ["what a night", "maybe it is the network", "oh no, not again"])
def test_what_asks_for_nothing_gets_a_line_and_begins_nothing(text: str) -> None:
    decision = after("status of churn", text)
    assert isinstance(decision, Remark), decision
    assert "nothing was started" in decision.text


def test_who_is_asked_which_model_they_mean_can_say_it() -> None:
    thread = Thread()
    asked = thread.says("are our customers any happier since then?")
    assert isinstance(asked, Question)
    assert thread.does("churn") == ("explain_effect", {"model": "churn"})


def test_a_no_offers_what_can_be_told_of_the_thing_that_is_open() -> None:
    decision = after("status of churn", "did the website recover")
    assert isinstance(decision, Refusal)
    assert [choice.label for choice in decision.choices] == ["status churn", "effect of the last churn release"]


def test_a_value_that_is_asked_for_stays_asked_for() -> None:
    thread = Thread()
    thread.says("status of churn")
    thread.says("make churn have 999 replicas please")
    assert thread.does("3") == ("scale_model", {"model": "churn", "replicas": 3})


def test_a_button_of_an_older_version_breaks_nothing() -> None:
    odd = Choice(label="?", command="?", bind={"playbook": "show_status", "inputs": "3"})
    asked = Question(text="?", slot="playbook", choices=(odd,), pending=Command(playbook="show_status", inputs={}))
    memory = Memory(at=COMPANY.now, pending=asked)
    assert router().route("since when", memory, COMPANY)


@pytest.mark.parametrize(
    "text",
    [
        "which customers are going to churn?",
        "tell me a joke",
        "how old are you",
        "what changed on the website",
        "did the website recover",
        "how bad is v9",
        "raise the limit",
        "make it safe",
        "it did not help",
        "you are bad",
        "ping whoever is on call",
    ],
)
def test_what_is_not_about_the_thing_is_not_answered_about_it(text: str) -> None:
    decision = after("status of churn", text)
    assert not (isinstance(decision, Command) and decision.heard.get("stage") == "at hand"), decision


def test_an_order_that_was_asked_back_is_not_answered_in_its_place() -> None:
    decision = after("", "training for churn with new data")
    assert isinstance(decision, Question)
    assert "retrain_model" in [choice.bind.get("playbook") for choice in decision.choices]


def test_every_answer_only_reads() -> None:
    risks = {spec.name: spec.risk for spec in specs()}
    for kind, told in answering.answers().items():
        for how in [how for name, how in told.items() if name != "otherwise"] + list(told["otherwise"]):
            first, *words = how.split()
            assert risks.get(first) == "read" or (first in SUBJECTS and len(words) in (1, 2)), (kind, how)


def test_without_an_encoder_nothing_is_near() -> None:
    assert Aspects(lambda texts: np.zeros((len(texts), 0), np.float32), []).near("since when") == {}


class Says:
    """A language model that proposes one request, and notes what it was asked."""

    def __init__(self, playbook: str, **inputs: object) -> None:
        self.said, self.asked = Proposal(playbook=playbook, inputs=inputs, heard={}), 0

    async def propose(self, *_: object, **__: object) -> Proposal:
        self.asked += 1
        return self.said


async def heard_with(says: Says, text: str) -> Decision:
    """What `text` means in a thread about churn's status, where a language model is set."""
    mine = Router(list(intents()), list(specs()), None, language=says)
    memory = mine.remember(None, mine.route("status of churn", None, COMPANY), COMPANY, COMPANY.now)
    return await mine.decide(text, memory, COMPANY)


async def test_a_guess_about_what_is_open_yields_to_a_language_model() -> None:
    local = after("status of churn", GUESSED)
    assert isinstance(local, Command) and local.heard["near"] < second_opinion.SURE_AT_HAND
    says = Says("show_changes", model="churn")
    decision = await heard_with(says, GUESSED)
    assert says.asked == 1
    assert isinstance(decision, Command) and decision.playbook == "show_changes"


@pytest.mark.parametrize("playbook", ["", "help", "no_such"])
async def test_a_guess_stands_where_the_model_has_nothing_better(playbook: str) -> None:
    decision, local = await heard_with(Says(playbook), GUESSED), after("status of churn", GUESSED)
    assert isinstance(decision, Command) and isinstance(local, Command)
    assert (decision.playbook, decision.inputs) == (local.playbook, local.inputs)


async def test_what_is_sure_about_what_is_open_is_answered_without_a_model() -> None:
    says = Says("show_changes", model="churn")
    decision = await heard_with(says, "how long has this been the case")
    assert not says.asked
    assert isinstance(decision, Command) and decision.playbook == "show_history"
