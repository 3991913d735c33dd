"""What Slack would refuse is found before it is sent, also where its SDK and its types let it pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bizaiops_bot.surfaces.render.blockkit import check

Json = dict[str, Any]


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def button(**changed: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": "b:1", "value": "c-1", **changed}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def confirm(**changed: Any) -> Json:
    return {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain(), **changed}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def cell(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def table(rows: int = 2, columns: int = 2, **changed: Any) -> Json:
    return {"type": "table", "rows": [[cell()] * columns] * rows, **changed}


def data_table(rows: int = 2, columns: int = 2, **changed: Any) -> Json:
    return {"type": "data_table", "caption": "x", "rows": [[cell()] * columns] * rows, **changed}


def chart(points: int = 2, series: int = 1, *, value: Any = 1.0, title: str = "x", label: str = "") -> Json:
    labels = [f"{label}{i}" for i in range(points)]
    data = [{"label": x, "value": value} for x in labels]
    lines = [{"name": f"s{i}", "data": copy.deepcopy(data)} for i in range(series)]
    drawn = {"type": "line", "series": lines, "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": title, "chart": drawn}


def text_input(**changed: Any) -> Json:
    return {"type": "plain_text_input", "action_id": "value", **changed}


def asked(element: Json, **changed: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element, **changed}


def select(count: int, **changed: Any) -> Json:
    options = [{"text": plain(), "value": str(i)} for i in range(count)]
    return {"type": "static_select", "action_id": "value", "options": options, **changed}


def modal(*blocks: Json, **changed: Any) -> Json:
    return {"type": "modal", "title": plain(), "submit": plain(), "blocks": list(blocks), **changed}


DIVIDER = {"type": "divider"}
GOOD: list[Any] = [
    [{"type": "header", "text": plain("x" * 150)}],
    [{"type": "section", "text": mrkdwn("x" * 3_000)}],
    [{"type": "section", "fields": [mrkdwn("x" * 1_000)] * 10}],
    [{"type": "context", "elements": [mrkdwn()] * 10}],
    [actions(*(button(action_id=str(i), text=plain("x" * 75)) for i in range(25)))],
    [actions(button(confirm=confirm(), style="danger"))],
    [table(100, 2)],
    [data_table(101, 2), data_table()],
    [chart(20, 6), chart()],
    [DIVIDER] * 50,
    modal(*[DIVIDER] * 99, asked(text_input())),
    {"type": "home", "blocks": [DIVIDER] * 100},
]
BAD: dict[str, Any] = {
    "51 blocks": [DIVIDER] * 51,
    "an unknown block": [{"type": "heading", "text": plain()}],
    "no type": [{"text": plain()}],
    "a misspelt key": [{"type": "section", "txet": mrkdwn()}],
    "a misspelt key beside a good one": [{"type": "section", "text": mrkdwn(), "feilds": []}],
    "a header with mrkdwn": [{"type": "header", "text": mrkdwn()}],
    "a long header": [{"type": "header", "text": plain("x" * 151)}],
    "an empty text": [{"type": "section", "text": mrkdwn("")}],
    "a long section": [{"type": "section", "text": mrkdwn("x" * 3_001)}],
    "emoji count twice": [{"type": "section", "text": mrkdwn("🔥" * 1_501)}],
    "a long field": [{"type": "section", "fields": [mrkdwn("x" * 2_001)]}],
    "11 fields": [{"type": "section", "fields": [mrkdwn()] * 11}],
    "a section of nothing": [{"type": "section"}],
    "11 context elements": [{"type": "context", "elements": [mrkdwn()] * 11}],
    "26 buttons": [actions(*(button(action_id=str(i)) for i in range(26)))],
    "no buttons": [actions()],
    "a button of 76": [actions(button(text=plain("x" * 76)))],
    "a button with mrkdwn": [actions(button(text=mrkdwn()))],
    "a long value": [actions(button(value="x" * 2_001))],
    "a long action_id": [actions(button(action_id="x" * 256))],
    "the same action_id twice": [actions(button(), button())],
    "a style that is none": [actions(button(style="default"))],
    "a long question": [actions(button(confirm=confirm(text=plain("x" * 301))))],
    "a long title of a question": [actions(button(confirm=confirm(title=plain("x" * 101))))],
    "a long answer of a question": [actions(button(confirm=confirm(confirm=plain("x" * 31))))],
    "the same block_id twice": [DIVIDER | {"block_id": "a"}] * 2,
    "a long block_id": [DIVIDER | {"block_id": "a" * 256}],
    "an empty rich text": [rich({"type": "rich_text_section", "elements": []})],
    "an empty word": [rich({"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]})],
    "a style of no word": [
        rich({"type": "rich_text_section", "elements": [{"type": "text", "text": "x", "style": {"blink": True}}]})
    ],
    "a table of 101 rows": [table(101)],
    "a table of 21 columns": [table(2, 21)],
    "a table of no rows": [table(0)],
    "two tables": [table(), table()],
    "rows of different lengths": [{"type": "table", "rows": [[cell()], [cell(), cell()]]}],
    "an empty cell": [{"type": "table", "rows": [[cell("")]]}],
    "a data_table of a header": [data_table(1)],
    "a data_table of 102 rows": [data_table(102)],
    "a data_table without caption": [{"type": "data_table", "rows": [[cell()], [cell()]]}],
    "a page of 101": [data_table(page_size=101)],
    "rich text in a header": [{"type": "data_table", "caption": "x", "rows": [[rich()], [cell()]]}],
    "too much in tables": [data_table(5, 1) | {"rows": [[cell("x" * 2_100)]] * 5}],
    "three charts": [chart()] * 3,
    "a chart of 21 points": [chart(21)],
    "a chart of 7 series": [chart(2, 7)],
    "a chart with a gap": [chart(value=None)],
    "a chart with infinity": [chart(value=float("inf"))],
    "a chart's long title": [chart(title="x" * 51)],
    "a chart's long label": [chart(label="x" * 20)],
    "too much JSON": [{"type": "section", "text": mrkdwn("x" * 2_700)}] * 5,
    "a view that is none": {"type": "page", "blocks": []},
    "a home of 101 blocks": {"type": "home", "blocks": [DIVIDER] * 101},
    "a table on the home tab": {"type": "home", "blocks": [table()]},
    "a view of nothing": modal(),
    "a modal's long title": modal(title=plain("x" * 25)),
    "a modal without title": {"type": "modal", "blocks": []},
    "a modal with inputs and no submit": {"type": "modal", "title": plain(), "blocks": [asked(text_input())]},
    "long metadata": modal(private_metadata="x" * 3_001),
    "a long hint": modal(asked(text_input(), hint=plain("x" * 2_001))),
    "an input with mrkdwn": modal(asked(text_input(), label=mrkdwn())),
    "a long placeholder": modal(asked(text_input(placeholder=plain("x" * 151)))),
    "an unknown input": modal(asked({"type": "text_input", "action_id": "value"})),
    "101 choices": modal(asked(select(101))),
    "no choices": modal(asked(select(0))),
    "a choice that is none": modal(asked(select(2, initial_option={"text": plain(), "value": "9"}))),
}


@pytest.mark.parametrize("good", GOOD, ids=str)
def test_what_is_just_within_the_limits_is_good(good: Any) -> None:
    assert check(good) == []


@pytest.mark.parametrize("name", BAD)
def test_everything_that_slack_would_refuse_is_found(name: str) -> None:
    found = check(BAD[name])
    assert found
    assert all(found)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("51 blocks", "message: 51 blocks, 50 are taken"),
        ("a misspelt key", "section has no 'txet'"),
        ("an unknown block", "'heading' is no kind of block or element"),
        ("a header with mrkdwn", "header: wants plain_text, not 'mrkdwn'"),
    ],
)
def test_it_says_what_is_wrong(name: str, told: str) -> None:
    assert told in check(BAD[name])
