"""The whole main job in Slack, between people of one channel and the bot."""

from __future__ import annotations

import pytest

from tests.support.demo_process import DemoProcess
from tests.support.slack_stand import SlackStand
from tests.support.slack_stand.shown import Message, words

DEPLOY = "deploy churn v2 as a 10% canary"
pytestmark = pytest.mark.usefixtures("bot")


def planned(stand: SlackStand, channel: str, text: str = DEPLOY) -> Message:
    """The card of a release that waits, in the thread of the order."""
    said = stand.users["erin"].mentions(text, channel)
    plan = stand.answer(said, "Must approve")
    assert plan.thread == said.ts
    return plan


def cancelled(stand: SlackStand, plan: Message) -> None:
    """Ends it, so that the next test may order the same."""
    stand.users["erin"].clicks(stand.again(plan), "Cancel")
    stand.until(lambda: "Cancel" not in stand.again(plan).buttons(), "the cancelled card")


def test_a_release_from_order_to_promotion_by_two_people_on_one_card(stand: SlackStand, bot: DemoProcess) -> None:
    erin, lee, sam = (stand.users[name] for name in ("erin", "lee", "sam"))
    channel = stand.channel("ml-ops")
    plan = planned(stand, channel)
    plan.shows("v1 100%", "v1 90%, v2 10%", "lead, sre")

    # the requester is refused, alone
    assert erin.clicks(plan, "Approve").status == 200
    erin.hears("requester cannot approve")
    assert not lee.whispers()

    # the lead approves; what was said is the one thing that is asked
    assert lee.clicks(plan, "Approve").status == 200
    approved = stand.until(
        lambda: m if "Approve" not in (m := stand.again(plan)).buttons() else None, "the approved card"
    )
    approved.shows("approved by lead")
    assert approved.ts == plan.ts

    # who is late is told the truth
    assert sam.clicks(plan, "Approve").status == 200
    sam.hears("lead")

    # the same message is edited to the end
    done = stand.until(
        lambda: (
            m if "v2 now gets all traffic" in (m := stand.again(plan)).words and "Roll back" in m.buttons() else None
        ),
        "the promotion",
        patience_s=60,
    )
    assert done.ts == plan.ts and bot.weights("churn") == {"v2": 100}
    cards = [m for m in stand.thread(channel, plan.thread) if "Must approve" in m.words or "promote" in m.words]
    assert len(cards) == 1
    assert not stand.records.refused, stand.records.refused[-1]


def test_a_rejection_asks_for_its_reason_and_shows_it(stand: SlackStand) -> None:
    lee = stand.users["lee"]
    plan = planned(stand, stand.channel("rejecting"), "deploy demand v2 as a 10% canary")
    assert lee.clicks(plan, "Reject").status == 200
    modal = lee.modal()
    (field,) = [block["block_id"] for block in modal["blocks"] if block["type"] == "input"]
    assert lee.submits(modal, **{field: "the sale <!channel> is on this week"}) == {}
    rejected = stand.until(
        lambda: m if "rejected by lead" in (m := stand.again(plan)).words.lower() else None, "the rejected card"
    )
    rejected.shows("is on this week")
    assert "Approve" not in rejected.buttons() and "<!channel>" not in str(rejected.raw)


def test_a_question_back_is_answered_by_a_button(stand: SlackStand) -> None:
    said = stand.users["ana"].mentions("how is the model doing?", stand.channel("asking"))
    question = stand.answer(said, "which model")
    assert {"churn", "demand"} <= set(question.buttons())
    stand.users["ana"].clicks(question, "demand")
    stand.answer(said, "demand: v1 100%")


def test_a_form_tells_what_is_wrong_at_the_field_and_then_orders(stand: SlackStand) -> None:
    erin = stand.users["erin"]
    said = erin.mentions("deploy demand", stand.channel("form"))
    question = stand.answer(said, "Fill in a form")
    assert erin.clicks(question, "Fill in a form").status == 200
    modal = erin.modal("Deploy")
    wrong = erin.submits(modal, version="v2", canary="500")
    assert wrong["response_action"] == "errors" and set(wrong["errors"]) == {"canary"}
    right = erin.submits(modal, version="v2", canary="25")
    assert right.get("response_action") in (None, "clear")
    plan = stand.answer(said, "Must approve", "v1 75%, v2 25%")
    cancelled(stand, plan)


def test_a_slash_command_is_answered_in_its_channel(stand: SlackStand) -> None:
    channel = stand.channel("slash")
    assert stand.users["ana"].slash("what models do we have?", channel).status == 200
    stand.until(
        lambda: [m for m in stand.messages(channel) if "churn" in m.words and "demand" in m.words],
        "the list of the models",
    )


def test_the_empty_slash_command_offers_a_form(stand: SlackStand) -> None:
    channel, erin = stand.channel("slash-form"), stand.users["erin"]
    before = len(stand.records.modals)
    assert erin.slash("", channel).status == 200
    stand.until(lambda: len(stand.records.modals) > before, "a modal")


def test_a_direct_conversation_needs_no_mention(stand: SlackStand) -> None:
    ana = stand.users["ana"]
    said = ana.says("status churn", ana.dm())
    stand.answer(said, "churn:", "Health of the last")


def test_a_thread_is_remembered(stand: SlackStand) -> None:
    ana, channel = stand.users["ana"], stand.channel("thread")
    said = ana.mentions("status churn", channel)
    stand.answer(said, "churn:", "Health of the last")
    ana.mentions("and demand?", channel, said.ts)
    stand.answer(said, "demand: v1 100%")


def test_talk_that_does_not_mean_the_bot_is_not_answered(stand: SlackStand) -> None:
    erin, ana, channel = stand.users["erin"], stand.users["ana"], stand.channel("chatter")
    aside = erin.says("status churn, anyone?", channel)
    meant = ana.mentions("status churn", channel)
    stand.answer(meant, "churn:", "Health of the last")
    assert not stand.thread(channel, aside.ts)


def test_the_home_page_has_what_waits_for_the_person(stand: SlackStand) -> None:
    plan = planned(stand, stand.channel("home"), "deploy demand v2 as a 10% canary")
    lee = stand.users["lee"]
    lee.opens_home()
    stand.until(lambda: "demand" in lee.home_words() and "churn" in lee.home_words(), "the home page")
    assert "engineer" in lee.home_words()
    cancelled(stand, plan)


def test_a_chart_is_shown_as_slack_shows_it_or_as_a_picture_to_download(stand: SlackStand) -> None:
    ana, channel = stand.users["ana"], stand.channel("chart")
    said = ana.mentions("how did churn do this week?", channel)
    card = stand.answer(said)
    assert words(card.blocks)
    native = [b for b in card.blocks if b["type"] == "data_visualization"]
    if native:
        assert not [m for m in stand.thread(channel, said.ts) if m.raw.get("files")]


def test_where_slack_has_no_charts_a_picture_can_be_downloaded(stand: SlackStand) -> None:
    ana, channel = stand.users["ana"], stand.channel("picture")
    stand.bridge.native = False
    try:
        said = ana.mentions("how did churn do this week?", channel)
        stand.answer(said, "churn")
        shared = stand.until(
            lambda: [m for m in stand.thread(channel, said.ts) if m.raw.get("files")], "the uploaded picture"
        )
        assert stand.file(shared[0]).startswith(b"\x89PNG")
        cards = [m for m in stand.thread(channel, said.ts) if not m.raw.get("files")]
        assert len(cards) == 1, "the fallback is posted once"
    finally:
        stand.bridge.native = True


@pytest.mark.parametrize(
    "text", ["status <!channel>", "status <@U0LEE000001|lee>", "what is <https://evil.example|churn>?"]
)
def test_what_a_person_wrote_comes_back_as_no_mention_and_no_link(stand: SlackStand, text: str) -> None:
    erin = stand.users["erin"]
    before = len(erin.whispers())
    said = erin.mentions(text, stand.channel("hostile"))

    def told() -> str | None:
        """A no is whispered, an answer or a question back stands in the thread."""
        whispers = [f"{whisper.text}\n{whisper.blocks}" for whisper in erin.whispers()[before:]]
        answers = [f"{m.raw}" for m in stand.thread(said.channel, said.thread) if m.raw["user"] == stand.bot_user]
        return "\n".join([*whispers, *answers])

    shown = stand.until(told, f"something told to {text!r}")
    assert not [mark for mark in ("<!channel", "<@U0LEE", "<https://evil") if mark in shown], shown
