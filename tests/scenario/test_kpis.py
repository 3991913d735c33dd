"""The analyst asks what the models do to the business, and has a digest sent by schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.talk import Shown, Talk

SCHEDULE = "send the churn KPI digest here every Monday at 9:00 Berlin time"
MONDAY_9_BERLIN = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
BARS = set("▁▂▃▄▅▆▇█·")


async def digests(talk: Talk, conversation: str) -> list[Shown]:
    """Those that a schedule sent."""
    return [c for c in await talk.cards(conversation) if c.posted.id.startswith("c-schedule-")]


def holds_a_digest(card: Shown) -> None:
    """Headline, at most five rows with value, change, target, 14 days, data age; what happened; a picture."""
    assert card.words.splitlines()[0].startswith("churn KPI digest")
    table = card.table()
    assert 1 <= len(table.rows) <= 5
    kpi, value, change, target, days, age = table.columns
    assert (kpi, value, target, days, age) == ("KPI", "Value", "Target", "14 days", "Data") and "before" in change
    for row in table.rows:
        assert any(c.isdigit() for c in row[1])
        assert "better" in row[2] or "worse" in row[2] or "no change" in row[2]
        assert len(row[4]) == 14 and set(row[4]) <= BARS
        assert row[5].endswith("ago")
    assert card.chart().as_picture and len(card.chart().x) >= 14
    card.shows("What happened", "Europe/Berlin")


async def test_a_kpi_question_is_answered_with_values_changes_targets_and_a_chart(talk: Talk) -> None:
    card = await talk.says("how did churn do this week?", by="analyst")
    titles = [row[0] for row in card.table().rows]
    assert {"Churn rate", "Revenue at risk per 1,000 customers", "Retention cost per 1,000 customers"} <= set(titles)
    for row in card.table().rows:
        assert any(c.isdigit() for c in row[1]) and set(row[5]) <= BARS
    card.shows("this week", "against the same weekdays before", "target", "What happened", "ago")
    assert card.chart().series[0].values


async def test_one_kpi_of_another_span_can_be_asked(talk: Talk) -> None:
    card = await talk.says("revenue at risk last week", by="analyst")
    assert [row[0] for row in card.table().rows] == ["Revenue at risk per 1,000 customers"]
    card.shows("last week", "23 Feb to 1 Mar")


async def test_without_a_release_there_is_no_effect_to_tell(talk: Talk) -> None:
    card = await talk.says("what did the last churn release do to revenue at risk?", by="analyst")
    card.shows("not released in my time")


async def test_right_after_a_release_its_effect_cannot_be_told_yet(after_release: Talk) -> None:
    card = await after_release.says("what did the last churn release do to revenue at risk?", by="analyst")
    card.shows("cannot tell yet", "0 of 7 complete days after it", "Ask again from 12 Mar on", "churn v2 was released")
    assert not any("%" in cell for row in card.table().rows for cell in row[2:4])


async def test_when_enough_days_have_passed_the_effect_has_an_estimate_and_an_interval(after_release: Talk) -> None:
    # given that churn v2 has served for nine days; of each night and day the world lives a quarter of an hour
    talk = after_release
    day = talk.clock.now().replace(hour=23, minute=30)
    for _ in range(9):
        await talk.sleeps_until(day)
        day += timedelta(days=1)
    # when the same question is asked again
    card = await talk.says("what did the last churn release do to revenue at risk?", by="analyst")
    # then there is an effect a day with a 99% interval that holds it, and the days it rests on
    (row,) = card.table().rows
    assert row[1] in {"✓ better", "✗ worse", "= no clear change"}
    low, high = (number(part) for part in row[3].split(" to "))
    assert low <= number(row[2]) <= high
    before, after = (int(n) for n in row[4].split(" / "))
    assert before >= 14 and after >= 7
    card.shows("99% interval", "an association, not proof")
    assert any(mark.kind == "deploy" for mark in card.chart().marks)


def number(words: str) -> float:
    """-1234.5 of "−EUR 1,234.5"."""
    value = float("".join(c for c in words if c.isdigit() or c == "."))
    return -value if words.startswith("−") else value


async def test_a_digest_can_be_scheduled_shown_sent_now_and_stopped(talk: Talk) -> None:
    # when the analyst asks for it in Berlin time
    made = await talk.keeps(SCHEDULE, by="analyst", conversation="sales")
    made.shows("every Monday at 9:00 Europe/Berlin", "Mon 9 Mar 09:00")
    (schedule,) = await talk.schedules()
    assert schedule.next_at == MONDAY_9_BERLIN and schedule.owner == "analyst"
    # then it can be seen
    shown = await talk.says("show schedules", by="analyst", conversation="sales")
    assert shown.table().rows[0][1] == "churn KPI digest" and "never" in shown.table().rows[0]
    # sent now
    now = await talk.says("send it now", by="analyst", conversation="sales")
    holds_a_digest(now)
    # and stopped
    (await talk.says("stop it", by="analyst", conversation="sales")).shows("is stopped")
    assert await talk.schedules() == []


async def test_a_digest_is_said_back_with_its_next_three_dates_before_it_is_kept(talk: Talk) -> None:
    # when it is asked for on a Wednesday, in another time zone than the company's
    asked = await talk.says("send the churn digest on the last business day of the month at 9 Tokyo time", "analyst")
    # then nothing is kept, and what was understood is shown with its dates in that zone
    asked.shows(
        "last business day of the month at 9:00 Asia/Tokyo", "Tue 31 Mar 09:00, Thu 30 Apr 09:00, Fri 29 May 09:00"
    )
    asked.shows("holidays are not known")
    assert await talk.schedules() == []
    # and a click keeps exactly that, once
    await asked.click("Keep it", by="analyst")
    (schedule,) = await talk.schedules()
    assert (schedule.cron, schedule.time_zone) == ("0 9 LW * *", "Asia/Tokyo")


async def test_a_no_keeps_nothing_and_another_hour_is_said_back_again(talk: Talk) -> None:
    await talk.says(SCHEDULE, by="analyst")
    await talk.says("no", by="analyst")
    assert await talk.schedules() == []
    await talk.says(SCHEDULE, by="analyst")
    (await talk.says("no, at 10", by="analyst")).shows("every Monday at 10:00 Europe/Berlin", "The next three:")
    assert await talk.schedules() == []
    await talk.says("yes", by="analyst")
    assert [s.cron for s in await talk.schedules()] == ["0 10 * * 1"]


async def test_what_comes_nearest_is_said_back_too(talk: Talk) -> None:
    refused = await talk.says("send the churn digest every monday at 9 until christmas", by="analyst")
    refused.shows("I cannot keep 'until christmas'")
    await refused.click("every Monday at 9:00", by="analyst")
    assert await talk.schedules() == []
    await talk.says("yes", by="analyst")
    assert [s.cron for s in await talk.schedules()] == ["0 9 * * 1"]


async def test_the_same_digest_asked_for_twice_is_one_schedule(talk: Talk) -> None:
    await talk.keeps(SCHEDULE, by="analyst")
    await talk.keeps(SCHEDULE, by="lead")
    assert len(await talk.schedules()) == 1


async def test_it_comes_on_monday_at_nine_in_berlin_once_and_the_next_one_a_week_later(talk: Talk) -> None:
    # given a schedule, asked for on a Wednesday
    await talk.keeps(SCHEDULE, by="analyst", conversation="sales")
    # when it is a minute before nine, nothing was sent
    await talk.sleeps_until(MONDAY_9_BERLIN - timedelta(minutes=1))
    assert await digests(talk, "sales") == []
    # then it comes at nine, by itself, and only once
    await talk.minutes(1)
    (card,) = await digests(talk, "sales")
    holds_a_digest(card)
    card.shows("The data of Sunday 8 Mar stop early at 14:51 UTC", "Sat 7 Mar")  # the machine slept from then on
    assert card.posted.at == MONDAY_9_BERLIN
    await talk.minutes(10)
    assert len(await digests(talk, "sales")) == 1
    (schedule,) = await talk.schedules()
    assert schedule.last_at == MONDAY_9_BERLIN and schedule.next_at == MONDAY_9_BERLIN + timedelta(days=7)


async def test_summer_time_moves_the_digest_in_utc_not_in_berlin(talk: Talk) -> None:
    # given the clock change of 29 March 2026
    await talk.keeps(SCHEDULE, by="analyst")
    await talk.sleeps_until(datetime(2026, 3, 29, 12, 0, tzinfo=UTC))
    (schedule,) = await talk.schedules()
    # then nine in Berlin is seven in UTC
    assert schedule.next_at == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)


async def test_a_digest_missed_while_the_bot_was_down_is_sent_once_after_the_start(talk: Talk) -> None:
    # given a bot that is down on Monday morning
    await talk.keeps(SCHEDULE, by="analyst", conversation="sales")
    await talk.restart(down=timedelta(days=5, hours=6))
    # then it is sent after the start, once, says truly what is known, and the schedule goes on
    await talk.minutes(2)
    (card,) = await digests(talk, "sales")
    card.shows("churn KPI digest", "Sunday 8 Mar", "the newest whole day is")
    (schedule,) = await talk.schedules()
    assert schedule.next_at == MONDAY_9_BERLIN + timedelta(days=7)
    await talk.restart()
    await talk.minutes(2)
    assert len(await digests(talk, "sales")) == 1


async def test_weeks_of_silence_bring_one_digest_not_one_for_each_week(talk: Talk) -> None:
    await talk.keeps(SCHEDULE, by="analyst", conversation="sales")
    await talk.restart(down=timedelta(days=24))
    await talk.minutes(1)
    assert len(await digests(talk, "sales")) == 1


async def test_deploys_are_marked_in_the_digest(after_release: Talk) -> None:
    talk = after_release
    await talk.sleeps_until(talk.clock.now() + timedelta(days=1))
    card = await talk.says("send the churn digest now", by="analyst")
    card.shows("v2")
    assert any(mark.kind == "deploy" for mark in card.chart().marks)
