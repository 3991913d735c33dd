"""Cards in Slack: what a reader sees, what a click carries, and what is done with too much."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.cards import (
    Button,
    Card,
    Chart,
    Context,
    Diff,
    DiffLine,
    Fields,
    Series,
    StepLine,
    Steps,
    Table,
    Text,
)
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.render.blockkit import SlackMessage, check, render
from bizaiops_bot.surfaces.render.blockkit_escape import JOINER
from tests.support.random_cards import posted
from tests.support.sample_cards import ALL, alert_card, digest_card, drift_card, history_card, plan_card, run_card
from tests.support.slack_shown import shown

GOLDEN = Path(__file__).parents[1] / "support" / "golden" / "slack"
Json = dict[str, Any]


def card_of(*blocks: Any, **more: Any) -> PostedCard:
    return posted(Card(title="Churn", blocks=blocks, **more))


def text_of(message: SlackMessage) -> str:
    return "\n".join(shown(message.blocks)).replace(JOINER, "")


def kinds(message: SlackMessage) -> list[str]:
    return [block["type"] for block in message.blocks]


def only(message: SlackMessage, kind: str) -> Json:
    [found] = [block for block in message.blocks if block["type"] == kind]
    return found


def buttons(message: SlackMessage) -> dict[str, Json]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {button["text"]["text"]: button for row in rows for button in row}


@pytest.mark.parametrize("native", [True, False], ids=["native", "plain"])
@pytest.mark.parametrize("name", ALL)
def test_every_sort_of_card_looks_as_it_did(name: str, native: bool) -> None:
    """BIZAIOPS_GOLDEN=write keeps the new look."""
    message = render(posted(ALL[name]()), native=native)
    made = {"text": message.text, "blocks": message.blocks, "pictures": [[p.name, p.title] for p in message.pictures]}
    file = GOLDEN / f"{name}{'' if native else '-plain'}.json"
    if os.environ.get("BIZAIOPS_GOLDEN") == "write":
        file.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    assert json.loads(file.read_text()) == made
    assert check(message.blocks) == []


def test_a_click_carries_ids_and_approving_is_asked_again_in_words() -> None:
    drawn = buttons(render(posted(plan_card())))
    assert [(b["action_id"], b["value"]) for b in drawn.values()] == [("b:k0", "c-7"), ("b:k1", "c-7"), ("b:k2", "c-7")]
    asked = drawn["Approve"]["confirm"]
    assert asked["text"]["text"] == (
        "Deploy churn v2 as a 10% canary: traffic of churn becomes v1 90%, v2 10%; "
        "stable version, if the canary is judged successful becomes v2. It begins at once."
    )
    assert (asked["confirm"]["text"], asked["deny"]["text"]) == ("Approve", "Go back")


def test_a_rejection_asks_for_its_reason_in_a_modal_and_not_twice() -> None:
    drawn = buttons(render(posted(plan_card())))
    assert "confirm" not in drawn["Reject"]
    assert drawn["Reject"]["style"] == "danger"
    assert drawn["Cancel"]["confirm"]["text"]["text"] == "Cancel run 7?"
    assert "style" not in drawn["Cancel"]


def test_a_decided_card_has_no_buttons_and_a_question_can_have_a_form() -> None:
    assert "actions" not in kinds(render(posted(run_card())))
    form = buttons(render(posted(Card(title="Which model?")), form=True))["Fill in a form"]
    assert (form["action_id"], form["value"]) == ("form", "c-7")


def test_sixty_buttons_stand_in_two_rows_and_the_rest_is_told() -> None:
    message = render(posted(Card(title="Which?", buttons=tuple(Button(label=f"m{i}", command="x") for i in range(60)))))
    assert [len(b["elements"]) for b in message.blocks if b["type"] == "actions"] == [25, 25]
    assert "… 10 more buttons: see all in the console." in text_of(message)


def test_the_tone_stands_in_the_header_and_in_the_notification() -> None:
    message = render(posted(alert_card()))
    assert only(message, "header")["text"]["text"] == "🔴 churn v2: 4.1% of requests fail"
    assert message.text.startswith("🔴 churn v2: 4.1% of requests fail\nSince *14:02* requests fail with `503")


def test_a_title_too_long_for_a_header_goes_on_below() -> None:
    message = render(posted(Card(title="long " * 60)))
    assert only(message, "header")["text"]["text"].endswith("…")
    assert text_of(message).count("long") > 60


def test_a_notification_stays_short_enough_to_be_edited() -> None:
    message = render(card_of(summary="word & " * 2_000))
    assert len(message.text) <= 3_500
    assert message.text.endswith("…")


def test_steps_have_signs_and_times_and_the_current_one_is_bold() -> None:
    words = render(posted(run_card(6))).blocks[1]["elements"][0]["elements"]
    text = "".join(word["text"] for word in words).replace(JOINER, "")
    assert text.splitlines()[0] == "✅ build · 31 s – 41,200 rows in 6.2 s"
    assert text.splitlines()[6:] == ["⏳ judge · running", "○ promote"]
    assert [word["text"] for word in words if word.get("style", {}).get("bold")] == ["judge"]


def test_of_a_hundred_steps_those_around_the_current_one_are_shown() -> None:
    lines = [StepLine(name=f"step-{i}", status="done" if i < 60 else "planned") for i in range(100)]
    text = text_of(render(card_of(Steps(steps=tuple(lines)), run_id=7)))
    assert "step-60" in text
    assert "step-5\n" not in text
    assert "… 40 more steps before these: see all in the console, or say `show run 7`." in text


def test_a_change_reads_from_what_to_what() -> None:
    diff = Diff(lines=(DiffLine(what="traffic of churn", before="v1 100%", after=""),))
    [line] = render(card_of(diff)).blocks[1]["elements"][1]["elements"]
    assert [(w["text"], w.get("style")) for w in line["elements"]] == [
        ("traffic of churn: ", None),
        ("v1 100%", {"strike": True}),
        (" → ", None),
        ("nothing", {"bold": True}),
    ]


def test_words_from_outside_keep_their_look_and_only_ours_get_a_style() -> None:
    [part] = render(card_of(Text(text="**v2** *x* _a_ `c` ~y~ <!here>"))).blocks[1]["elements"]
    assert [(w["text"].replace(JOINER, ""), w.get("style")) for w in part["elements"]] == [
        ("v2", {"bold": True}),
        (" *x* ", None),
        ("a", {"italic": True}),
        (" ", None),
        ("c", {"code": True}),
        (" ~y~ <!here>", None),
    ]


def test_short_fields_stand_in_two_columns_and_long_ones_under_each_other() -> None:
    two = render(card_of(Fields(fields=(("Model", "churn"), ("Error", "a*b*"))))).blocks[1]
    assert [field["text"] for field in two["fields"]] == ["*Model*\nchurn", "*Error*\na∗b∗"]
    assert all(field["verbatim"] for field in two["fields"])
    long_ = render(card_of(Fields(fields=(("Decisions", "word " * 20),)))).blocks[1]
    assert long_["type"] == "rich_text"


def test_a_small_table_is_aligned_and_a_long_one_has_pages_and_numbers_to_sort_by() -> None:
    aligned = only(render(posted(digest_card())), "table")
    assert [column["align"] for column in aligned["column_settings"]] == ["left", "right", "right", "right", "left"]
    paged = only(render(posted(history_card())), "data_table")
    assert (len(paged["rows"]), paged["page_size"], paged["caption"]) == (29, 10, "All runs")
    assert paged["rows"][1][3] == {"type": "raw_number", "value": 0.84, "text": "0.840"}
    assert render(posted(history_card())).native
    assert "data_table" not in kinds(render(posted(history_card()), native=False))


def test_of_two_tables_the_second_is_text_in_columns_where_slack_takes_one() -> None:
    table = Table(columns=("Model", "Traffic"), rows=(("churn", "90%"), ("`demand`", "100%")), align="lr")
    message = render(card_of(table, table), native=False)
    assert kinds(message) == ["header", "table", "rich_text"]
    told = message.blocks[2]["elements"][0]["elements"][0]["text"]
    assert told == "Model   Traffic\n──────  ───────\nchurn       90%\ndemand     100%"


def test_a_row_with_too_many_cells_keeps_them_and_an_empty_cell_is_a_dash() -> None:
    table = render(card_of(Table(columns=("a", "b"), rows=(("1", "2", "3"), ("4",))))).blocks[1]
    assert [[cell["text"] for cell in row] for row in table["rows"]] == [["a", "b"], ["1", "2 3"], ["4", "–"]]


def test_a_chart_of_few_points_is_slacks_own_with_its_limit_and_marks() -> None:
    message = render(posted(alert_card()))
    chart = only(message, "data_visualization")["chart"]
    assert (chart["type"], len(chart["axis_config"]["categories"])) == ("line", 17)
    assert [one["name"] for one in chart["series"]] == ["v2", "v1", "limit 1.5%"]
    assert "✕ errors found at 14:00" in text_of(message)
    assert (message.native, message.pictures) == (True, ())


def test_a_chart_of_many_points_shows_means_and_says_so() -> None:
    message = render(posted(digest_card()))
    chart = only(message, "data_visualization")["chart"]
    first, *_ = digest_card().blocks[1].series  # type: ignore[union-attr]
    assert len(chart["series"][0]["data"]) == 14
    a, b = first.values[:2]
    assert chart["series"][0]["data"][0] == {"label": "1 Feb", "value": pytest.approx((a + b) / 2, rel=1e-5)}  # type: ignore[operator]
    assert "each point is the mean of 2 · limit 45 k€ · ▲ v2 deployed at 20 Feb" in text_of(message)


@pytest.mark.parametrize("native", [True, False])
def test_a_chart_with_a_gap_or_for_a_picture_is_bars_of_text_and_a_png(native: bool) -> None:
    gap = Chart(title="Errors", x=("1", "2", "3"), series=(Series(name="v2", values=(1.0, None, 3.0)),), unit="%")
    for message in (render(card_of(gap), native=native), render(posted(drift_card()), native=native)):
        assert not message.native
        [picture] = message.pictures
        assert picture.name == "chart-1.png"
        assert picture.png().startswith(b"\x89PNG")
    assert "v2  ▁·█  3%  (1% … 3%)" in text_of(render(card_of(gap), native=native))


def test_a_chart_without_data_says_so() -> None:
    message = render(card_of(Chart(title="AUC", x=(), series=(Series(name="v2", values=(None, float("nan"))),))))
    assert "no data in this window." in text_of(message)
    assert message.pictures == ()


def test_what_is_cut_says_where_all_of_it_is() -> None:
    message = render(card_of(Text(text="word " * 2_000), run_id=7))
    assert "(see all in the console, or say show run 7)" in text_of(message)
    message = render(card_of(Table(columns=("n",), rows=tuple((str(i),) for i in range(400)))))
    assert "… 300 more rows: see all in the console." in text_of(message)


def test_a_card_far_too_big_is_drawn_small_keeps_its_buttons_and_says_what_is_missing() -> None:
    big = [Text(text="word " * 1_000), Table(columns=("n", "m"), rows=(("x" * 200, "y"),) * 90), Context(text="c")] * 15
    message = render(card_of(*big, run_id=7, buttons=(Button(label="Cancel", command="cancel run 7"),)))
    assert check(message.blocks) == []
    assert kinds(message)[-1] == "actions"
    assert "see all in the console, or say `show run 7`" in text_of(message)


def test_every_block_has_a_name_of_its_own_also_under_a_long_one() -> None:
    message = render(posted(plan_card(), card_id="a" * 300))
    names = [block["block_id"] for block in message.blocks]
    assert len(set(names)) == len(names)
    assert [block["block_id"] for block in render(posted(plan_card())).blocks][:2] == ["c-7:0", "c-7:1"]
