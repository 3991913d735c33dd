"""People say that an answer was right or wrong, or correct it: kept for review, and learned by nobody until then."""

from __future__ import annotations

from bizaiops_bot.domain.feedback import ELSE, Decided, Example
from bizaiops_bot.engine.audit import checking, examples, trail
from tests.support.talk import START, Shown, Talk

VAGUE = "maybe pause churn"


async def kept(talk: Talk) -> list[Example]:
    return await talk.bot.core.store.read(examples.listed)


async def question(talk: Talk) -> Shown:
    """One that is asked back whatever the router has learned: it reads like a thought, and would change something."""
    card = await talk.says(VAGUE)
    assert card.card.title.endswith("Did you mean…"), card.words
    return card


async def test_a_click_on_what_was_meant_is_kept_with_the_words_that_were_unclear(talk: Talk) -> None:
    # given a question back
    card = await question(talk)
    # when one of its choices is clicked
    label = card.buttons()[-1]
    assert (await card.click(label, by="engineer")).accepted
    # then the unclear words stand beside what was chosen
    (example,) = await kept(talk)
    assert (example.source, example.text, example.who) == ("choice", VAGUE, "engineer")
    assert example.label == card.card.buttons[-1].bind["playbook"]
    assert "{model:churn}" in example.shape and "guesses" in example.decided.heard


async def test_a_choice_said_in_words_is_kept_as_a_click_is(talk: Talk) -> None:
    card = await question(talk)
    await talk.says("the first one", thread=card.posted.thread)
    (example,) = await kept(talk)
    assert (example.source, example.text) == ("choice", VAGUE)
    assert example.label == card.card.buttons[0].bind["playbook"]


async def test_no_to_all_that_was_offered_is_kept_without_a_label(talk: Talk) -> None:
    card = await question(talk)
    await talk.says("no, none of these", thread=card.posted.thread)
    (example,) = await kept(talk)
    assert (example.source, example.label, example.text) == ("rejected", "", VAGUE)


async def test_no_i_meant_names_what_the_words_before_should_have_been(talk: Talk) -> None:
    card = await talk.says("status churn")
    await talk.says("no, I meant the KPIs of churn", thread=card.posted.thread)
    (example,) = await kept(talk)
    assert (example.source, example.text, example.label) == ("meant", "status churn", "show_kpis")
    assert example.decided.playbook == "show_status"


async def test_a_corrected_value_is_kept_with_the_request_that_was_right(talk: Talk) -> None:
    card = await talk.says("status churn")
    await talk.says("no, demand", thread=card.posted.thread)
    (example,) = await kept(talk)
    assert (example.source, example.text, example.label) == ("corrected", "status churn", "show_status")


async def test_what_is_cancelled_at_once_is_kept(talk: Talk) -> None:
    card = await talk.starts("deploy churn v2 as a 10% canary")
    await talk.says("cancel that", thread=card.posted.thread)
    (example,) = await kept(talk)
    assert (example.source, example.label, example.decided.playbook) == ("cancelled", "", "deploy_model")


async def test_a_click_on_cancel_by_who_asked_is_kept_and_by_another_is_not(talk: Talk) -> None:
    first = await talk.starts("deploy churn v2 as a 10% canary")
    assert (await first.click("Cancel", by="engineer")).accepted
    other = await talk.starts("deploy demand v2 as a 10% canary")
    await other.click("Cancel", by="sre")
    assert [(one.source, one.text) for one in await kept(talk)] == [("cancelled", "deploy churn v2 as a 10% canary")]


async def test_what_follows_and_corrects_nothing_is_no_example(talk: Talk) -> None:
    card = await talk.says("status churn")
    await talk.says("and demand?", thread=card.posted.thread)
    await talk.says("what models do we have?")
    assert await kept(talk) == []


async def test_a_person_has_one_vote_on_an_answer_and_may_change_it_and_take_it_back(talk: Talk) -> None:
    desk = talk.bot.desk
    card = await talk.says("status churn")
    # when it is judged twice, and by somebody else
    first = await desk.feedback("engineer", card.posted.id, "good")
    assert (first.accepted, first.verdict, first.meant) == (True, "good", ())
    await desk.feedback("engineer", card.posted.id, "bad")
    await desk.feedback("lead", card.posted.id, "good")
    # then each has one vote, and a good one names what was done
    found = {one.who: (one.source, one.label) for one in await kept(talk)}
    assert found == {"engineer": ("bad", ""), "lead": ("good", "show_status")}
    assert await desk.votes("engineer", "ml-ops") == {card.posted.reply_to: "bad"}
    # and a vote taken back is gone
    await desk.feedback("engineer", card.posted.id, "none")
    assert [one.who for one in await kept(talk)] == ["lead"]
    assert await desk.votes("engineer", "ml-ops") == {}


async def test_what_was_refused_is_kept_with_the_likeliest_guess(talk: Talk) -> None:
    card = await talk.says("what is the lowdown, please?")
    await talk.bot.desk.feedback("engineer", card.posted.id, "bad")
    (example,) = await kept(talk)
    guesses = example.decided.heard["guesses"]
    assert len(guesses) > 1 and guesses[example.decided.guess] == max(guesses.values())
    alone = Decided(heard={"guesses": {"help": 0.1, "show_status": 0.3}})
    assert alone.guess == "show_status"


async def test_a_vote_tells_how_the_words_were_understood_however_often_it_was_changed(talk: Talk) -> None:
    card = await talk.says("status churn")
    for _ in range(6):
        await talk.bot.desk.feedback("engineer", card.posted.id, "good")
        await talk.bot.desk.feedback("engineer", card.posted.id, "bad")
    (example,) = await kept(talk)
    assert (example.source, example.decided.playbook, example.text) == ("bad", "show_status", "status churn")


async def test_the_same_reaction_that_comes_again_late_changes_nothing(talk: Talk) -> None:
    desk = talk.bot.desk
    card = await talk.says("status churn")
    first = await desk.feedback("engineer", card.posted.id, "good", "slack-1")
    await desk.feedback("engineer", card.posted.id, "bad", "slack-2")
    assert await desk.feedback("engineer", card.posted.id, "good", "slack-1") == first
    assert [one.source for one in await kept(talk)] == ["bad"]


async def test_after_a_bad_vote_what_was_meant_is_asked_and_a_read_is_done_at_once(talk: Talk) -> None:
    # given an answer that was wrong
    desk = talk.bot.desk
    card = await talk.says("how is churn")
    told = await desk.feedback("engineer", card.posted.id, "bad")
    # then other requests are offered, and something else; nothing is posted for all to see
    offered = [one.playbook for one in told.meant]
    assert 3 <= len(offered) <= 4 and offered[-1] == ELSE and "show_status" not in offered
    before = len(await talk.cards())
    # when one that reads is chosen
    wanted = next(one.playbook for one in told.meant if talk.bot.core.playbooks.get(one.playbook).risk == "read")
    answer = await desk.feedback("engineer", card.posted.id, "bad", meant=wanted)
    await talk.rest()
    # then it is kept as the label, and answered in the same thread
    (example,) = await kept(talk)
    assert example.label == wanted and "Said for you" in answer.message
    assert len(await talk.cards()) == before + 1
    assert (await talk.cards())[-1].posted.thread == card.posted.thread


async def test_a_change_that_was_meant_is_kept_and_not_begun(talk: Talk) -> None:
    card = await talk.says("status churn")
    answer = await talk.bot.desk.feedback("engineer", card.posted.id, "bad", meant="deploy_model")
    await talk.rest()
    assert answer.accepted and "Said for you" not in answer.message
    assert [one.label for one in await kept(talk)] == ["deploy_model"]
    assert await talk.bot.core.ports.records.runs() == []


async def test_that_was_wrong_is_answered_with_what_else_it_may_have_been(talk: Talk) -> None:
    # given an answer, and somebody who says that it was wrong
    first = await talk.says("how is churn")
    card = await talk.says("that was wrong")
    # then there are buttons, and the last is for none of them
    assert card.buttons()[-1] == ELSE and "What did you mean?" in card.words
    assert not card.posted.is_answer, "what is said about an answer is not judged itself"
    # when that one is clicked, the words are kept without a label
    assert (await card.click(ELSE, by="engineer")).accepted
    (example,) = await kept(talk)
    assert (example.source, example.label, example.message) == ("bad", "", first.posted.reply_to)


async def test_what_was_offered_and_wrong_is_not_offered_again(talk: Talk) -> None:
    card = await question(talk)
    told = await talk.bot.desk.feedback("engineer", card.posted.id, "bad")
    assert "pause_model" not in [one.playbook for one in told.meant] and len(told.meant) == 4


async def test_a_thumb_is_a_vote_and_to_an_open_question_it_is_a_yes(talk: Talk) -> None:
    await talk.says("status churn")
    thanks = await talk.says("👍🏽")
    assert thanks.card.title == "Thanks, kept for review."
    assert [(one.source, one.label) for one in await kept(talk)] == [("good", "show_status")]
    asked = await question(talk)
    yes = await talk.says("👍", thread=asked.posted.thread)
    assert yes.run
    assert [(one.source, one.label) for one in await kept(talk)][1:] == [("choice", "pause_model")]


async def test_that_was_wrong_after_a_run_was_begun_says_that_it_goes_on(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    card = await talk.says("that was wrong")
    assert not any(label.startswith("deploy") for label in card.buttons())
    card.shows(f"Run {plan.run} goes on; say `cancel run {plan.run}` to stop it.")


async def test_cards_that_answer_nobody_have_no_vote(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    assert not plan.posted.is_answer
    try:
        await talk.bot.desk.feedback("engineer", plan.posted.id, "good")
    except Exception as exc:
        assert "answers nobody" in str(exc)
    else:
        raise AssertionError("a run's card was judged")


async def test_examples_have_no_names_no_secrets_and_are_erased_with_the_person(talk: Talk) -> None:
    # given votes on words with a name and a secret in them
    core = talk.bot.core
    card = await talk.says("Lee, Lee said password=hunter2hunter2 and status of churn please", by="lead")
    await talk.bot.desk.feedback("lead", card.posted.id, "bad")
    other = await talk.says("status churn", by="engineer")
    await talk.bot.desk.feedback("engineer", other.posted.id, "good")
    # then the table has neither
    rows = await core.store.read(lambda conn: [tuple(row) for row in conn.exec_driver_sql("select * from examples")])
    stored = str(rows)
    assert "hunter2" not in stored and "Lee" not in stored and "'lead'" not in stored
    # when the lead is forgotten
    await core.store.write(lambda conn: checking.forget(conn, "lead", START))
    # then what they said is gone, and the others' is not
    assert [one.who for one in await kept(talk)] == ["engineer"]


async def test_every_vote_and_example_is_in_the_audit(talk: Talk) -> None:
    card = await question(talk)
    await card.click(card.buttons()[0], by="engineer")
    await talk.bot.desk.feedback("lead", card.posted.id, "bad")
    found = await talk.bot.core.store.read(lambda conn: trail.read(conn, limit=50))
    about = {(entry.kind, entry.actor) for entry in found if entry.subject == card.posted.reply_to}
    assert {("example", "engineer"), ("feedback", "lead")} <= about
