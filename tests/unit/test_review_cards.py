"""What a reader stumbled over on cards: a question told twice, lines run together, raw cron, a cause left open."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from bizaiops_bot.conversation.cards import question_card
from bizaiops_bot.domain.cards import Card, Chart, Table, Text
from bizaiops_bot.domain.monitoring import SeriesData
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.domain.routing import Command, Question
from bizaiops_bot.engine.watch.alert_card import draw_alert
from bizaiops_bot.surfaces.console.views import environment, fragment
from bizaiops_bot.surfaces.render.html import block_html
from bizaiops_bot.surfaces.render.text import card_rich
from tests.unit.test_wording import ONSET, alert, release

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)


def _shown(card: Card) -> str:
    post = PostedCard(
        seq=1, id="c-1", version=1, conversation="ml-ops", thread="m-1", reply_to=None, at=AT, card=card, buttons=()
    )
    return fragment("_post.html", post=post, votes={}).partition("<h3>")[2]


def test_a_question_is_told_once() -> None:
    question = Question(text="Which one?", slot="model", choices=(), pending=Command(playbook="show_status", inputs={}))
    assert _shown(question_card(question)).count("Which one?") == 1


def test_a_summary_that_says_more_than_the_title_is_shown() -> None:
    assert "It was asked for twice." in _shown(Card(title="Not sent", summary="It was asked for twice."))


def test_lines_of_a_cell_stay_lines() -> None:
    table = block_html(Table(columns=("For", "Say"), rows=(("See", "status churn\nlist alerts"),)))
    assert "status churn<br>list alerts" in table


def test_a_schedule_is_told_in_words_and_on_its_own_clocks() -> None:
    said = environment().from_string("{{ line|recurring }}, next {{ at|when_in('Europe/Berlin') }}")
    told = said.render(line="0 9 * * 1", at=AT)
    assert told.startswith("every Monday at 9:00, next ")
    assert ">30 Nov 09:00<" in told


@pytest.mark.parametrize(
    ("kind", "minutes", "cause"),
    [
        ("deploy", 5, "the release before it"),
        ("deploy", 300, "the serving infrastructure"),
        ("initial", 5, "the serving"),
    ],
)
def test_the_likely_cause_agrees_with_what_was_released(kind: str, minutes: int, cause: str) -> None:
    last = release(kind, ONSET - timedelta(minutes=minutes)).model_dump(mode="json")
    series = SeriesData(metric="error_rate", unit="share", times=(ONSET,), values=(0.032,))
    card = draw_alert(alert("errors_detected", error_rate=0.032, last_release=last), "the sre is asked to look", series)
    texts = [block.text for block in card.blocks if isinstance(block, Text)]
    assert any(text.startswith(f"**Likely cause:** {cause}") for text in texts)
    (chart,) = [block for block in card.blocks if isinstance(block, Chart)]
    assert (chart.unit, chart.limit, chart.series[0].values) == ("%", 2.0, (3.2,))


def test_a_long_title_is_read_to_its_end_in_a_narrow_terminal() -> None:
    why = "I look after the models only, not clusters, servers, databases, pipelines of other systems or code."
    out = io.StringIO()
    Console(file=out, width=80).print(card_rich(Card(title=why, blocks=(Text(text="Say `help`."),))))
    assert why in " ".join(line.strip("│ ") for line in out.getvalue().splitlines())
