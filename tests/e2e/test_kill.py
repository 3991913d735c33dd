"""kill -9 and Ctrl-C at the worst moments: nothing is lost, nothing is done twice, no process stays behind."""

from __future__ import annotations

import os
import signal
from typing import Any

import psutil

from tests.e2e.conftest import StartDemo
from tests.support.demo_process import DemoProcess, run_cli
from tests.support.eventually import eventually

DEPLOY = "deploy churn v2 as a 10% canary"
MONDAY_DIGEST = "send the churn KPI digest here every Monday at 9:00 Berlin time"


def ordered(bot: DemoProcess) -> dict[str, Any]:
    """The card of a release that waits for its approval."""
    card = bot.says(DEPLOY)
    assert card["run_id"] is not None, card
    eventually(lambda: bot.run(card["run_id"])["status"] == "waiting", "the wait for an approval")
    return next(c for c in bot.cards() if c["id"] == card["id"])


def approved(bot: DemoProcess) -> int:
    """A release that the lead has just approved."""
    card = ordered(bot)
    assert bot.click(card, "Approve", "lead")["accepted"]
    number: int = card["run_id"]
    return number


def trainers(bot: DemoProcess) -> list[psutil.Process]:
    """The bot's training subprocesses."""
    found = []
    for child in bot.children():
        try:
            if any("trainer" in word for word in child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def assert_released_once(bot: DemoProcess, number: int) -> None:
    """The run ended well and once: one release, one card, the traffic that it says, an unbroken audit."""
    record = bot.finished(number)
    assert record["status"] == "succeeded", record
    assert bot.weights("churn") == {"v2": 100}
    steps = {step["name"]: step["status"] for step in record["steps"]}
    assert steps["promote"] == "done" and steps["note the release"] == "done", steps
    entries = bot.audit()
    assert [e["subject"] for e in entries if e["kind"] == "run_ended"] == [f"run {number}"]
    assert len([e for e in entries if e["kind"] == "release" and "v2" in str(e["detail"])]) <= 1
    cards = [card for card in bot.cards() if card["run_id"] == number]
    assert len(cards) == 1, [card["title"] for card in cards]
    history = bot.says("who deployed churn last?")
    rows = [row for block in history["blocks"] if block["type"] == "table" for row in block["rows"]]
    assert len([row for row in rows if any("deploy" in cell for cell in row)]) == 1, history["blocks"]
    assert_audit_is_whole(bot)


def assert_audit_is_whole(bot: DemoProcess) -> None:
    verified = run_cli("audit", "verify", "--data", str(bot.folder))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "none changed" in verified.stdout


def assert_each_message_has_one_answer(bot: DemoProcess, conversation: str = "ml-ops") -> None:
    cards = bot.cards(conversation)
    for message in bot.get(f"/api/conversations/{conversation}/messages", limit=500):
        answers = [card for card in cards if card["reply_to"] == message["id"]]
        assert len(answers) == 1, (message["text"], [card["title"] for card in answers])


def test_a_bot_killed_while_a_run_waits_for_approval_goes_on_with_run_schedule_and_button(demo: StartDemo) -> None:
    bot = demo()
    bot.says(MONDAY_DIGEST, by="analyst", conversation="business")
    scheduled = bot.says("yes", by="analyst", conversation="business")
    assert scheduled["tone"] != "danger", scheduled
    schedules = bot.get("/api/schedules")
    assert len(schedules) == 1
    card = ordered(bot)

    bot.crash()
    bot.start()

    after = bot.get("/api/schedules")
    assert [(s["id"], s["cron"], s["conversation"]) for s in after] == [
        (s["id"], s["cron"], s["conversation"]) for s in schedules
    ]
    refused = bot.click(card, "Approve", "engineer")
    assert not refused["accepted"] and "requester cannot approve" in refused["message"]
    assert bot.click(card, "Approve", "lead")["accepted"]
    assert_released_once(bot, card["run_id"])
    assert_each_message_has_one_answer(bot)
    assert_each_message_has_one_answer(bot, "business")


def test_a_bot_killed_while_it_trains_trains_again_and_leaves_no_trainer_behind(demo: StartDemo) -> None:
    bot = demo()
    number = approved(bot)
    training = eventually(lambda: trainers(bot), "the training", every_s=0.01)

    bot.crash()
    eventually(lambda: not any(process.is_running() for process in training), "the end of the trainer", patience_s=15)
    bot.start()

    assert_released_once(bot, number)


def test_a_bot_killed_in_the_canary_and_again_while_it_promotes_goes_on_and_promotes_once(demo: StartDemo) -> None:
    bot = demo()
    number = approved(bot)
    eventually(lambda: bot.weights("churn") == {"v1": 90, "v2": 10}, "the canary")
    bot.crash()

    bot.start()
    assert bot.weights("churn") in ({"v1": 90, "v2": 10}, {"v2": 100})
    eventually(lambda: has_begun(bot, number, "promote"), "the promotion", every_s=0.01)
    bot.crash()

    bot.start()
    assert_released_once(bot, number)


def has_begun(bot: DemoProcess, number: int, step: str) -> bool:
    steps = {s["name"]: s["status"] for s in bot.run(number)["steps"]}
    return steps[step] in ("running", "done")


def test_a_bot_killed_right_after_it_took_messages_answers_each_of_them_once(demo: StartDemo) -> None:
    bot = demo()
    texts = ["status churn", DEPLOY, "help", "what models do we have?", "how did churn do this week?"]
    messages = [bot.post(text) for text in texts]

    bot.crash()
    bot.start()

    for text, message in zip(texts, messages, strict=True):
        eventually(lambda m=message: bot.answers(m), f"an answer to {text!r}")  # type: ignore[misc]
    assert [m["text"] for m in bot.get("/api/conversations/ml-ops/messages")] == texts
    assert_each_message_has_one_answer(bot)
    assert [run["inputs"]["version"] for run in bot.get("/api/runs") if run["playbook"] == "deploy_model"] == ["v2"]
    assert_audit_is_whole(bot)


def test_ctrl_c_in_the_middle_of_a_build_ends_quickly_and_the_next_start_goes_on(demo: StartDemo) -> None:
    bot = demo()
    number = approved(bot)
    training = eventually(lambda: trainers(bot), "the training", every_s=0.01)

    os.killpg(bot.pid, signal.SIGINT)  # a terminal sends Ctrl-C to the whole process group
    code, seconds = bot.ended()
    assert code == 0, bot.said()[-2000:]
    assert seconds < 5.0
    assert "Stopped. Everything is saved" in bot.said() and "Traceback" not in bot.said()
    eventually(lambda: not any(process.is_running() for process in training), "the end of the trainer", patience_s=15)
    bot.start()

    assert_released_once(bot, number)


def test_ctrl_c_in_the_canary_leaves_a_run_that_the_next_start_finishes(demo: StartDemo) -> None:
    bot = demo()
    number = approved(bot)
    eventually(lambda: bot.weights("churn") == {"v1": 90, "v2": 10}, "the canary")

    code, seconds = bot.interrupt()
    assert code == 0 and seconds < 5.0
    bot.start()

    assert_released_once(bot, number)


def test_a_bot_killed_in_its_very_first_start_can_be_started_again(demo: StartDemo, tmp_path: Any) -> None:
    bot = DemoProcess(tmp_path / "new", speed=240)
    try:
        bot.start(wait=False)
        eventually(lambda: (bot.folder / "world" / "pipelines").exists(), "the first files", every_s=0.01)
        bot.crash()
        bot.start()
        assert bot.weights("churn") == {"v1": 100}
        number = approved(bot)
        assert bot.finished(number)["status"] == "succeeded"
    finally:
        bot.end()


def test_a_bot_killed_in_a_pause_ends_it_once_and_a_reminder_comes_once(demo: StartDemo) -> None:
    bot = demo()
    bot.says("remind us in 40 minutes to look at churn")
    card = bot.says("pause churn for 30 minutes")
    eventually(lambda: bot.run(card["run_id"])["status"] == "waiting", "the wait for an approval")
    card = next(c for c in bot.cards() if c["id"] == card["id"])
    assert bot.click(card, "Approve", "lead")["accepted"]
    assert bot.finished(card["run_id"])["status"] == "succeeded"

    bot.crash()
    bot.start()
    eventually(lambda: bot.weights("churn") == {"v1": 100}, "the end of the pause", patience_s=60)
    bot.crash()
    bot.start()

    eventually(lambda: any("a reminder" in c["title"].lower() for c in bot.cards()), "the reminder", patience_s=60)
    bot.crash()
    bot.start()
    assert [run["status"] for run in bot.get("/api/runs") if run["playbook"] == "resume_model"] == ["succeeded"]
    assert len([c for c in bot.cards() if "a reminder:" in c["title"].lower()]) == 1
    assert_audit_is_whole(bot)
