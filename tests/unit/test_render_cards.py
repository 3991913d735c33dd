"""Every surface draws every valid card: nothing is lost in silence, nothing becomes markup, nothing fails."""

from __future__ import annotations

import io
import struct
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console

from bizaiops_bot.domain.cards import (
    Button,
    Card,
    Chart,
    Context,
    Diff,
    DiffLine,
    Fields,
    Mark,
    Series,
    StepLine,
    Steps,
    Table,
    Text,
)
from bizaiops_bot.surfaces.charts import chart_png
from bizaiops_bot.surfaces.render.clean import clean, number, one_line, spans
from bizaiops_bot.surfaces.render.html import block_html, card_blocks
from bizaiops_bot.surfaces.render.plot import plot_of, words
from bizaiops_bot.surfaces.render.svg import spark_svg, split_bar
from bizaiops_bot.surfaces.render.text import card_rich, plain_text
from tests.support.sample_cards import digest_card, drift_card, plan_card, run_card, verdict_card

words_ = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    ["**b** _i_ `c`", "[red]x[/]", "[/]", "<b>&\"'</b>", "\x1b[2J", "▁▂▃█", "$x$", "{}", "%s", "**" * 40, "\u202eabc"]
)
values = st.none() | st.floats() | st.floats(-100, 100) | st.just(0.0)
times = st.none() | st.datetimes(timezones=st.just(UTC) | st.none())
series = st.builds(Series, name=words_, values=st.lists(values, max_size=12).map(tuple))
charts = st.builds(
    Chart,
    title=words_,
    kind=st.sampled_from(["line", "bar"]),
    x=st.lists(words_, max_size=12).map(tuple),
    unit=words_,
    series=st.lists(series, max_size=8).map(tuple),
    limit=st.none() | st.floats(),
    marks=st.lists(st.builds(Mark, at=st.integers(-5, 20), label=words_), max_size=4).map(tuple),
)
steps = st.builds(
    StepLine,
    name=words_,
    detail=words_,
    started=times,
    ended=times,
    status=st.sampled_from(["planned", "running", "waiting", "done", "failed", "skipped", "undone"]),
)
row = st.lists(words_, max_size=5).map(tuple)
blocks = st.one_of(
    st.builds(Text, text=words_),
    st.builds(Fields, fields=st.lists(st.tuples(words_, words_), max_size=5).map(tuple)),
    st.builds(
        Table,
        columns=row,
        rows=st.lists(row, max_size=15).map(tuple),
        align=st.text("lrcx", max_size=6),
        caption=words_,
    ),
    charts,
    st.builds(Steps, steps=st.lists(steps, max_size=5).map(tuple)),
    st.builds(
        Diff, lines=st.lists(st.builds(DiffLine, what=words_, before=words_, after=words_), max_size=3).map(tuple)
    ),
    st.builds(Context, text=words_),
)
cards = st.builds(
    Card,
    title=words_,
    tone=st.sampled_from(["info", "success", "warning", "danger", "muted"]),
    blocks=st.lists(blocks, max_size=4).map(tuple),
    summary=words_,
    buttons=st.lists(st.builds(Button, label=words_, command=words_), max_size=3).map(tuple),
)
patient = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def terminal(card: Card, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(card_rich(card))
    return out.getvalue()


@patient
@given(cards)
def test_any_valid_card_becomes_well_formed_html(card: Card) -> None:
    html = f"<div>{card_blocks(card)}</div>".replace("<br>", "<br/>")
    root = ET.fromstring(html)
    assert not [e for e in root.iter() if e.tag in {"script", "img", "a", "b"}]
    assert "could not be drawn" not in html


@patient
@given(cards, st.integers(20, 120))
def test_any_valid_card_fits_any_terminal_without_control_characters(card: Card, width: int) -> None:
    for text in (terminal(card, width), plain_text(card, width=width)):
        assert "\x1b" not in text
        assert "\u202e" not in text


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(charts)
def test_any_valid_chart_becomes_a_picture(chart: Chart) -> None:
    assert chart_png(chart).startswith(b"\x89PNG")


@patient
@given(charts)
def test_every_point_lies_on_the_plot(chart: Chart) -> None:
    plot = plot_of(chart)
    for line in plot.lines:
        assert len(line) == plot.length == len(plot.x)
        assert all(0 <= plot.up(v) <= 1 for v in line if v is not None)


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_is_800_by_400_and_small(dark: bool) -> None:
    for card in (drift_card(), digest_card()):
        chart = next(block for block in card.blocks if isinstance(block, Chart))
        png = chart_png(chart, dark)
        assert struct.unpack(">II", png[16:24]) == (800, 400)
        assert len(png) <= 80_000


def test_a_chart_says_its_numbers_to_someone_who_cannot_see_it() -> None:
    chart = Chart(
        title="Errors",
        x=("9:00", "9:01", "9:02"),
        series=(Series(name="v2", values=(1.0, None, 3.0)),),
        unit="%",
        limit=2.5,
        marks=(Mark(at=1, label="v2 out", kind="deploy"),),
    )
    assert words(chart, plot_of(chart)) == "v2: last 3%, lowest 1%, highest 3%. Limit 2.5%. v2 out at 9:01."
    html = str(block_html(chart))
    assert 'role="img"' in html
    assert "lowest 1%" in html
    assert html.count('class="limit"') == 1


def test_a_gap_is_a_gap_and_not_a_line_through_zero() -> None:
    html = str(spark_svg((1.0, 2.0, None, 2.0, 1.0), label="x"))
    path = html.split(' d="')[1].split('"', maxsplit=1)[0]
    assert path.count("M") == 2


def test_a_bar_below_zero_hangs_from_the_zero_line() -> None:
    plot = plot_of(Chart(title="", kind="bar", x=("a", "b"), series=(Series(name="", values=(-10.0, 10.0)),)))
    assert (plot.low, plot.high, plot.up(0.0)) == (-10.0, 10.0, 0.5)


def test_long_things_fold_behind_see_all_and_nothing_is_dropped() -> None:
    table = Table(columns=("n",), rows=tuple((f"row {i}",) for i in range(40)))
    html = str(block_html(table))
    assert "See all 40 rows" in html
    assert "row 39" in html
    text = Text(text="word " * 1_000)
    assert str(block_html(text)).count("word") == 1_000
    assert "See all" in str(block_html(text))
    huge = Table(columns=("n",), rows=tuple((str(i),) for i in range(700)))
    assert "200 more rows are not shown." in str(block_html(huge))
    assert "660 more rows: see all in the console" in terminal(Card(title="t", blocks=(huge,)))


def test_a_row_with_too_many_cells_keeps_them() -> None:
    html = str(block_html(Table(columns=("a", "b"), rows=(("1", "2", "3"), ("4",)))))
    assert "2 3" in html


def test_bars_of_text_become_a_line_in_html_and_stay_text_in_a_terminal() -> None:
    table = Table(columns=("KPI", "14 days"), rows=(("churn", "▁▂▃▄▅▆▇█"),))
    assert "<svg" in str(block_html(table))
    assert "▁▂▃▄▅▆▇█" in terminal(Card(title="t", blocks=(table,)))


def test_only_bold_italic_and_code_are_understood() -> None:
    assert spans("a **b** _c_ `d` snake_case_name <i> 2*3*4") == [
        ("", "a "),
        ("bold", "b"),
        ("", " "),
        ("italic", "c"),
        ("", " "),
        ("code", "d"),
        ("", " snake_case_name <i> 2*3*4"),
    ]


def test_unsafe_characters_are_taken_out_before_anything_else() -> None:
    assert clean("a\x1b[2Jb\u202ec\x00\r\nd\te") == "a[2Jbc\nd\te"
    assert one_line("a\n\n b" + "c" * 300, 10) == "a bcccccc…"


@pytest.mark.parametrize(
    ("value", "unit", "spoken"),
    [
        (None, "ms", "–"),
        (float("nan"), "", "–"),
        (float("inf"), "", "–"),
        (48.0, "ms", "48 ms"),
        (0.5, "%", "0.5%"),
        (41210.4, "€", "€41,210"),
        (-12.5, "€", "-€12.5"),
        (3_120_000, "", "3.1M"),
        (0.00001, "", "1.0e-05"),
        (1e300, "", "1.0e+300"),
    ],
)
def test_numbers_are_written_for_people(value: float | None, unit: str, spoken: str) -> None:
    assert number(value, unit) == spoken


def test_a_split_bar_never_goes_over_its_end() -> None:
    html = str(split_bar([("v1", 90, "stable"), ("v2", 30, "canary")]))
    assert 'x="90%" y="0" width="10%"' in html
    assert "Traffic: v1 90%, v2 30%" in html


def test_steps_tell_their_state_in_words_too() -> None:
    html = str(card_blocks(run_card(6)))
    assert 'judge<span class="sr-only"> (running)</span>' in html
    assert "31 s" in html
    text = terminal(run_card(6))
    assert "✓ build" in " ".join(text.split())
    assert "◐ judge" in " ".join(text.split())


def test_a_terminal_card_has_numbered_buttons_and_the_plans_changes() -> None:
    text = " ".join(terminal(plan_card(), 110).split())
    assert "v1 100% → v1 90%, v2 10%" in text
    assert "[1] Approve [2] Reject [3] Cancel" in text


def test_plain_text_has_no_frame() -> None:
    text = plain_text(verdict_card())
    assert text.startswith("churn v2 is promoted: 100% of traffic\n")
    assert "retained value per request" in text
    assert "╭" not in text


def test_a_step_with_mixed_time_zones_is_still_drawn() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    step = StepLine(name="s", status="done", started=start, ended=(start + timedelta(seconds=5)).replace(tzinfo=None))
    assert "s" in str(block_html(Steps(steps=(step,))))
