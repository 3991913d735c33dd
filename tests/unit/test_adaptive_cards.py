"""Every card becomes one that Teams takes: valid, small enough, its buttons alive, nothing of it a link or a mention."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.cards import Button, Card, Chart, Diff, DiffLine, Series, Table, Text
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.render.adaptive import check, fallback_text, reason_of, render
from bizaiops_bot.surfaces.render.adaptive_check import BUDGET, SET_MAX, size
from tests.support import teams_shown
from tests.support.adaptive_schema import nodes, schema_errors, sdk_accepts, shown_text
from tests.support.random_cards import HOSTILE, posted, posted_cards
from tests.support.sample_cards import drift_card, plan_card, question_card, run_card, steps

thorough = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
viewers = st.lists(st.text(max_size=120), max_size=70).map(tuple)


def actions(card: dict[str, Any]) -> list[dict[str, Any]]:
    return list(nodes(card, "Action."))


def titles(card: dict[str, Any]) -> list[str]:
    return [action["title"] for action in actions(card)]


@thorough
@given(posted_cards, viewers, st.booleans())
def test_any_card_becomes_one_that_teams_takes(card: PostedCard, people: tuple[str, ...], form: bool) -> None:
    drawn = render(card, viewers=people, form=form)
    assert check(drawn) == []
    assert size(drawn) <= BUDGET
    assert schema_errors(drawn) == []
    assert sdk_accepts(drawn)


@thorough
@given(posted_cards, viewers)
def test_a_click_on_any_button_reaches_the_bot(card: PostedCard, people: tuple[str, ...]) -> None:
    executes = list(nodes(render(card, viewers=people), "Action.Execute"))
    assert all(action["verb"] and action["verb"] == action["data"]["action"] for action in executes)
    clicks = [action["data"] for action in executes if action["verb"] == "click"]
    assert [data["button"] for data in clicks] == [button.id for button in card.buttons[: len(clicks)]]
    assert all(data["card"] == card.id for data in clicks)


@thorough
@given(posted_cards)
def test_nothing_of_any_card_is_a_link_a_picture_or_a_mention(card: PostedCard) -> None:
    assert teams_shown.live(render(card), fallback_text(card)) == []


def test_hostile_words_are_shown_letter_by_letter() -> None:
    for text in HOSTILE:
        drawn = render(posted(Card(title="t", blocks=(Text(text=f"said: {text}"),))))
        without_marks = re.sub(r"\*\*|(?<!\w)_(?=i)|(?<=i)_|`|\u2060", "", shown_text(drawn))
        assert "said:" in without_marks
        for word in ("evil.example", "click", "CEO", "U0123ABC"):
            assert (word in text) == (word in without_marks)


def test_markdown_of_others_stays_as_they_typed_it() -> None:
    drawn = render(posted(Card(title="# [free](https://evil.example)", blocks=(Text(text="- item ![x](y) ~~z~~"),))))
    assert shown_text(drawn) == "# [free](https://evil.example)- item ![x](y) ~~z~~"
    assert not list(nodes(drawn, "TextBlock"))


def test_a_plain_title_is_a_heading_to_a_screen_reader() -> None:
    (title,) = nodes(render(posted(plan_card())), "TextBlock")
    assert (title["style"], title["text"]) == ("heading", "Deploy churn v2 as a 10% canary")


def test_the_notification_has_no_link_and_no_mention_but_all_words() -> None:
    text = fallback_text(posted(Card(title="<at>CEO</at> see https://evil.example/x or www.evil.example")))
    assert text.replace("\u2060", "") == "<at>CEO</at> see https://evil.example/x or www.evil.example"
    assert not teams_shown.LIVE.search(text)
    assert not re.search(r"[a-z]\.[a-z]", text)


def test_approving_a_change_says_first_what_will_happen() -> None:
    drawn = render(posted(plan_card()))
    approve = next(action for action in actions(drawn) if action["title"] == "Approve…")
    assert approve["type"] == "Action.ShowCard"
    told = shown_text(approve["card"])
    assert told.startswith("Approved, this changes: traffic of churn: v1 100% → v1 90%, v2 10%; ")
    (yes,) = approve["card"]["actions"]
    assert (yes["title"], yes["style"]) == ("Yes, approve", "positive")
    assert yes["data"] == {"action": "click", "card": "c-7", "button": "k0"}


def test_a_plan_without_a_diff_is_approved_by_its_title() -> None:
    card = Card(title="Retrain churn", run_id=3, buttons=(Button(label="Approve", command="approve run 3"),))
    assert "Approved, this is done: Retrain churn" in shown_text(render(posted(card)))


def test_a_rejection_asks_for_its_reason_and_a_cancel_for_a_second_click() -> None:
    drawn = render(posted(plan_card()))
    reject = next(action for action in actions(drawn) if action["title"] == "Reject…")
    (field,) = nodes(reject, "Input.")
    assert (field["id"], field["isMultiline"]) == ("reason", True)
    assert "isRequired" not in field
    assert [a["title"] for a in reject["card"]["actions"]] == ["Reject"]
    cancel = next(action for action in actions(drawn) if action["title"] == "Cancel…")
    assert shown_text(cancel["card"]) == "Cancel run 7?"
    assert [a["title"] for a in cancel["card"]["actions"]] == ["Yes, cancel"]


def test_two_reasons_on_one_card_do_not_share_an_input() -> None:
    buttons = tuple(Button(label=label, command="x", ask="Why?") for label in ("A", "B"))
    drawn = render(posted(Card(title="t", buttons=buttons)))
    assert [field["id"] for field in nodes(drawn, "Input.")] == ["reason", "reason_2"]
    assert reason_of({"action": "click", "button": "k1", "reason_2": " too early "}) == "too early"
    assert reason_of({"action": "click", "reason": ""}) == ""


def test_a_button_without_a_question_is_one_click() -> None:
    drawn = render(posted(question_card()))
    assert [action["type"] for action in drawn["actions"]] == ["Action.Execute"] * 2


def test_many_buttons_stand_in_rows_of_six_and_their_order_stays() -> None:
    buttons = tuple(Button(label=f"model {i}", command="x") for i in range(40))
    drawn = render(posted(Card(title="Which model?", buttons=buttons)))
    rows = [node["actions"] for node in drawn["body"] if node["type"] == "ActionSet"] + [drawn["actions"]]
    assert max(map(len, rows)) <= SET_MAX
    shown = [action["title"] for row in rows for action in row]
    assert shown == [f"model {i}" for i in range(len(shown))]
    assert f"{40 - len(shown)} more buttons: see all in the console" in shown_text(drawn)


def test_the_form_button_opens_a_dialog() -> None:
    drawn = render(posted(question_card()), form=True)
    assert drawn["actions"][0]["data"] == {"msteams": {"type": "task/fetch"}, "form": "c-7"}
    assert titles(drawn) == ["Fill in a form", "churn", "demand"]


def test_viewers_have_the_card_asked_for_anew_sixty_at_most() -> None:
    drawn = render(posted(run_card()), viewers=tuple(f"29:{i}" for i in range(80)))
    assert drawn["refresh"]["userIds"] == [f"29:{i}" for i in range(60)]
    assert drawn["refresh"]["action"]["data"] == {"action": "refresh", "card": "c-7"}
    assert "refresh" not in render(posted(run_card()))


def test_a_long_table_is_cut_and_says_where_the_rest_is() -> None:
    table = Table(columns=("model", "AUC"), rows=tuple((f"m{i}", "0.9") for i in range(90)))
    text = shown_text(render(posted(Card(title="Models", blocks=(table,)))))
    assert "m19" in text
    assert "70 more rows: see all in the console" in text


def test_a_table_with_uneven_rows_loses_no_cell() -> None:
    table = Table(columns=("a", "b"), rows=(("1", "2", "3"), ("4",)))
    assert "2\u00a03" in shown_text(render(posted(Card(title="t", blocks=(table,)))))


def test_a_card_far_too_big_keeps_its_title_its_buttons_and_its_first_parts() -> None:
    card = plan_card()
    huge = card.model_copy(update={"blocks": (*card.blocks, *(Text(text="word " * 2_000),) * 60)})
    drawn = render(posted(huge))
    assert size(drawn) <= BUDGET
    assert titles(drawn)[0] == "Approve…"
    assert "v1 90%, v2 10%" in shown_text(drawn)
    assert re.search(r"\d+ more parts: see all in the console", shown_text(drawn))


def test_the_step_that_counts_now_is_shown_of_a_long_run() -> None:
    long = steps(6).steps
    many = tuple(step.model_copy(update={"name": f"{step.name} {i}"}) for i in range(20) for step in long)
    done = tuple(s.model_copy(update={"status": "done"}) for s in many[:100])
    text = shown_text(
        render(posted(Card(title="t", blocks=(steps(6).model_copy(update={"steps": done + many[100:]}),))))
    )
    assert "judge 12" in text
    assert "earlier steps: see all in the console" in text
    assert "later steps: see all in the console" in text


def test_a_chart_is_teams_own_with_bars_of_text_for_older_clients_and_its_numbers_in_words() -> None:
    drawn = render(posted(drift_card()))
    (chart,) = nodes(drawn, "Chart.")
    assert chart["type"] == "Chart.Line"
    assert [series["legend"] for series in chart["data"]] == ["monthly_charges", "tenure", "limit 0.25"]
    assert chart["data"][0]["values"][-1] == {"x": 36, "y": 0.43}
    assert chart["xAxisTitle"] == "13:10 – 13:45"
    assert "▇" in shown_text(chart["fallback"])
    text = shown_text(drawn)
    assert "monthly_charges: last 0.43" in text
    assert "v2 promoted at 13:16" in text


def test_a_gap_in_a_chart_is_said() -> None:
    chart = Chart(title="Errors", x=("a", "b", "c"), series=(Series(name="v2", values=(1.0, None, 3.0)),))
    drawn = render(posted(Card(title="t", blocks=(chart,))))
    (native,) = nodes(drawn, "Chart.")
    assert [point["x"] for point in native["data"][0]["values"]] == ["a", "c"]
    assert "Values missing: 1." in shown_text(drawn)


def test_equal_labels_do_not_fall_on_one_spot() -> None:
    chart = Chart(title="Errors", x=("Mon", "Mon"), series=(Series(name="v2", values=(1.0, 2.0)),), kind="bar")
    (native,) = nodes(render(posted(Card(title="t", blocks=(chart,)))), "Chart.")
    assert native["type"] == "Chart.VerticalBar"
    assert [point["x"] for point in native["data"]] == [1, 2]


def test_a_card_of_a_summary_alone_shows_it() -> None:
    assert "All is well." in shown_text(render(posted(Card(title="Health", summary="All is well."))))


def test_many_short_lines_do_not_burst_a_card() -> None:
    for card in (Card(title="", summary="0\n" * 300), Card(title="t", blocks=(Text(text="0\n" * 300),))):
        assert check(render(posted(card))) == []
        assert "see all in the console" in shown_text(render(posted(card)))


def test_changes_are_told_as_from_and_to() -> None:
    diff = Diff(lines=(DiffLine(what="traffic", before="", after="v2 10%"),))
    assert shown_text(render(posted(Card(title="t", blocks=(diff,))))) == "tChangeFromTotrafficnothing→ v2 10%"


def test_the_check_finds_what_teams_would_drop_in_silence() -> None:
    good = render(posted(question_card()))
    wrong: list[tuple[Any, str]] = [
        ({"type": "Action.Execute", "title": "x", "data": {"action": "click"}}, "verb and data.action"),
        ({"type": "Action.Execute", "title": "x", "verb": "a", "data": {"action": "b"}}, "verb and data.action"),
        ({"type": "Action.OpenUrl", "title": "x", "url": "https://evil.example"}, "is no page of the console"),
        ({"type": "Action.ToggleVisibility", "title": "x", "targetElements": []}, "it shows nothing"),
        ({"type": "Action.ToggleVisibility", "title": "x", "targetElements": ["gone"]}, "such a button shows nothing"),
        ({"type": "Action.ResetInputs", "title": "x"}, "does not know it, or we do not use it"),
        ({"type": "Action.Execute", "title": "", "verb": "a", "data": {"action": "a"}}, "title is empty"),
    ]
    for action, why in wrong:
        assert any(why in found for found in check({**good, "actions": [action]})), why
    body: list[tuple[Any, str]] = [
        ({"type": "RichTextBlock", "inlines": []}, "no text"),
        ({"type": "Input.Text", "id": "x"}, "an id and a label"),
        ({"type": "Chart.Line", "data": []}, "show nothing"),
        ({"type": "TextBlock", "text": "x" * 20_000}, "bytes of 25,000"),
    ]
    for element, why in body:
        assert any(why in found for found in check({**good, "body": [element]})), why
    twice = {"type": "Input.Text", "id": "x", "label": "X"}
    assert "2 inputs have the id 'x'" in check({**good, "body": [twice, twice]})
    assert check({**good, "msteams": {"width": "full", "entities": []}})
    assert check({**good, "actions": good["actions"] * 4})
