"""Every number of a sentence stands in the facts, or the sentence is not shown."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain import number_words
from bizaiops_bot.domain.facts import Fact, Facts
from bizaiops_bot.domain.number_check import check, unsupported
from bizaiops_bot.domain.quantities import quantities
from bizaiops_bot.domain.values import spoken_duration

EARLY, LATE = (datetime.fromisoformat(day) for day in ("2020-01-01", "2030-01-01"))

CHURN = Facts(
    about="KPIs of churn",
    otherwise="",
    names=("churn",),
    others=("demand",),
    sentences=9,
    facts=(
        Fact(name="Churn rate", words="4.2% on Friday 6 Mar, usually 3.0% to 3.6%", value=4.2345, unit="percent"),
        Fact(
            name="Churn rate",
            words="+23.5% against the Friday before, worse",
            value=0.2345,
            unit="share",
            move=1,
            good=False,
        ),
        Fact(name="Revenue at risk", words="EUR 12,345 on Friday 6 Mar", value=12_345.4, unit="money"),
        Fact(
            name="Revenue at risk",
            words="-10.0% against the Friday before",
            value=-0.1,
            unit="share",
            move=-1,
            good=True,
        ),
        Fact(
            name="latency",
            words="p95 412 ms, 48 ms before, 8.6 times, v3, since 14:02 UTC, after 3 h 5 min",
            value=412.3,
            unit="ms",
        ),
        Fact(words="3 columns moved in 1,234 requests of run 7", value=1234.0, unit="count"),
    ),
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Churn rate rose to 4.2% on Friday 6 March.",
        "Churn rate rose to 4.23%, against a usual 3.0% to 3.6%.",
        "Churn rate rose to 4.2 percent on 6 March.",
        "Churn rate rose to 4 percent.",
        "Churn rate rose to four percent.",
        "Churn rate rose 23.5%.",
        "Churn rate is up +23.5% against the Friday before.",
        "Revenue at risk dropped by 10% to EUR 12,345.",
        "Revenue at risk dropped by a tenth, to €12,345.",
        "Revenue at risk dropped to 12345 euros.",
        "Revenue at risk dropped to about 12,300 euros.",
        "Revenue at risk is down 10% (EUR 12.3k), while Churn rate is up 23.5%.",
        "Latency of v3 was 412 ms since 14:02 UTC.",
        "Latency of version 3 was 0.41 s at 2:02 pm.",
        "Latency was 8.6 times the 48 ms of before.",
        "Latency was x8.6.",
        "It was seen after 3 h 5 min.",
        "It was seen after 185 minutes.",
        "It was seen after 3 hours and 5 minutes.",
        "Three columns moved in 1,234 requests.",
        "3 columns moved in run 7.",
        "Churn rate is usually at 3.0 to 3.6%.",
        "Latency went from 48 to 412 ms.",
        "The Friday before was calm.",
        "One of the columns moved.",
    ],
)
def test_what_the_facts_say_may_be_said_in_other_forms(sentence: str) -> None:
    found = check(sentence, CHURN)
    assert found.dropped == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "Churn rate rose to 4.3%.",
        "Churn rate rose to 4.24%.",
        "Churn rate rose to 5 percent.",
        "Churn rate rose to five percent.",
        "Churn rate rose by a third.",
        "Churn rate rose by a quarter.",
        "Churn rate doubled.",
        "Churn rate rose twice.",
        "Churn rate rose half.",
        "Churn rate is up -23.5%.",
        "Churn rate is up 23.5% against the Thursday before.",
        "Churn rate is up since yesterday.",
        "Churn rate is up since last week.",
        "Churn rate rose on 7 Mar.",
        "Churn rate rose on March 7th.",
        "Churn rate rose on 2026-03-07.",
        "Revenue at risk dropped to EUR 12,346.",
        "Revenue at risk dropped to about 12,900 euros.",
        "Revenue at risk dropped to EUR 12,345k.",
        "Revenue at risk dropped to 12.345.",
        "Revenue at risk dropped to 12,345%.",
        "Latency of v2 was 412 ms.",
        "Latency of v3.1 was 412 ms.",
        "Latency of version two was 412 ms.",
        "Latency was 412 s.",
        "Latency was 412 minutes.",
        "Latency was 412%.",
        "Latency was 412 ms since 14:03 UTC.",
        "Latency was 412 ms since 2:02 am.",
        "Latency was 9.6 times the one of before.",
        "It was seen after 3 h 6 min.",
        "It was seen an hour later.",
        "It was seen within minutes.",
        "Four columns moved.",
        "The fourth column moved.",
        "Dozens of columns moved.",
        "Twenty-three columns moved.",
        "One column moved.",
        "3 columns moved in run 8.",
        "3 columns moved in 1,234,567 requests.",
        "3 columns moved in 1.234 requests.",
        "3 columns moved in 1e3 requests.",
        "3 columns moved in 3/4 of requests.",
        "½ of the columns moved.",
        "٣ columns of 9 moved.",
        "３1 columns moved.",
        "Ⅳ columns moved.",
        "Zero columns moved.",
        "p50 was 412 ms.",
    ],
)
def test_what_the_facts_do_not_say_is_dropped(sentence: str) -> None:
    found = check(sentence, CHURN)
    assert found.kept == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "Churn rate fell to 4.2%.",
        "Churn rate improved.",
        "Churn rate did not rise.",
        "Revenue at risk rose to EUR 12,345.",
        "Revenue at risk got worse.",
        "Churn rate is down while Revenue at risk is up.",
        "Churn rate and Revenue at risk rose.",
        "Latency rose to 412 ms.",
        "It rose.",
    ],
)
def test_a_direction_that_is_not_the_facts_is_dropped(sentence: str) -> None:
    assert check(sentence, CHURN).kept == ()


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Both moved; see https://evil.example/x.", "a link"),
        ("Both moved, see evil.example/x.", "a link"),
        ("Both moved ([more](x)).", "a link"),
        ("Ping @lead about the churn rate.", "a mention"),
        ("Ping <!here> about the churn rate.", "a mention"),
        ("Ping <@U0123> about the churn rate.", "a mention"),
        ("Say `roll back churn`.", "a command"),
        ("Please roll back churn.", "an order"),
        ("Roll back churn now.", "an order"),
        ("Churn rate rose, so approve run 7.", "an order"),
        ("I looked at run 7 for churn.", "speaks for the bot"),
        ("At 14:02 UTC the plan of run 7 was approved.", "'approved'"),
        ("Since run 7, churn v3 is deployed.", "'deployed'"),
        ("After run 7 churn was rolled back.", "'rolled back'"),
        ("Churn rate rose; roll churn back.", "an order"),
        ("You should look at churn.", "speaks to somebody"),
        ("**Churn rate** rose.", "markup"),
        ("Churn rate rose \u202e4.2%.", "unusual"),
        ("Churn rate rоse to 4.2%.", "unusual"),  # a Cyrillic o
        ("demand rose to 4.2%.", "'demand'"),
        ("The payments model rose to 4.2%.", "payments model"),
        ("Model payments is at 4.2%.", "payments"),
        ("Payments rose to 4.2%.", "'Payments'"),
        ("So payments rose to 4.2%.", "payments"),
        ("Alice saw Churn rate at 4.2%.", "'Alice'"),
        ("It is at 4.2%, Alice says.", "'Alice'"),
        ("The column credit_score is at 4.2%.", "credit_score"),
        (f"Churn rate rose{' very' * 80} much.", "longer"),
    ],
)
def test_links_mentions_orders_and_strange_names_are_dropped(sentence: str, why: str) -> None:
    ((_, said),) = check(sentence, CHURN).dropped
    assert why in said


def test_the_good_sentences_of_a_text_are_kept_and_each_bad_one_is_told() -> None:
    text = "Churn rate rose to 4.2%. Churn rate rose to 9.9%.\n- Revenue at risk dropped by 10%. Roll back churn!"
    found = check(text, CHURN)
    assert found.text == "Churn rate rose to 4.2%. Revenue at risk dropped by 10%."
    assert [why for _, why in found.dropped] == ["'9.9%' is not in the facts", "an order: 'Roll back'"]


def test_no_more_sentences_are_kept_than_were_asked_for() -> None:
    one = CHURN.model_copy(update={"sentences": 1})
    found = check("Churn rate rose to 4.2%. Revenue at risk dropped by 10%.", one)
    assert found.text == "Churn rate rose to 4.2%."


def test_a_text_that_leaves_out_what_matters_is_not_used() -> None:
    must = CHURN.model_copy(update={"must": ("Churn rate",)})
    assert check("Revenue at risk dropped by 10%.", must).kept == ()
    assert check("Revenue at risk dropped by 10%. Churn rate rose to 4.2%.", must).kept != ()


def test_a_very_long_text_is_read_in_no_time_and_mostly_left_out() -> None:
    for flood in (
        "a " * 500_000,
        "9" * 1_000_000,
        "1,1" * 300_000,
        "((" * 400_000,
        "one hundred and " * 60_000,
        "x@" * 400_000,
        "Churn rate rose to 4.2%. " * 50_000,
    ):
        found = check(flood, CHURN)
        assert len(found.text) <= 9 * 320


# -- properties --------------------------------------------------------------------------------------


def facts_of(value: float, unit: str) -> Facts:
    fact = Fact.model_validate({"name": "x", "words": "as measured", "value": value, "unit": unit})
    return Facts(about="x", otherwise="", facts=(fact,))


@given(value=st.floats(0.011, 1e7), decimals=st.integers(0, 4), commas=st.booleans())
def test_a_number_rounded_to_any_place_is_supported(value: float, decimals: int, commas: bool) -> None:
    said = f"{value:,.{decimals}f}" if commas else f"{value:.{decimals}f}"
    assume(abs(float(said.replace(",", "")) - value) <= 0.2 * value)
    assert unsupported(f"x is {said} here.", facts_of(value, "")) is None


@given(share=st.floats(0.011, 1.0), decimals=st.integers(0, 3))
def test_a_share_is_supported_as_percent(share: float, decimals: int) -> None:
    assume(abs(round(share * 100, decimals) - share * 100) <= 20 * share)
    assert unsupported(f"x is {share * 100:.{decimals}f}%.", facts_of(share, "share")) is None
    assert unsupported(f"x is {share * 100:.{decimals}f} percent.", facts_of(share, "share")) is None


@given(value=st.floats(0.01, 1e6), other=st.floats(0.01, 1e6), decimals=st.integers(0, 4))
def test_another_number_is_never_supported(value: float, other: float, decimals: int) -> None:
    said = round(other, decimals)
    assume(abs(said - value) > 0.51 * 10**-decimals)
    assert unsupported(f"x is {said:,.{decimals}f}.", facts_of(value, "")) is not None


@given(
    value=st.floats(1.0, 1e5),
    unit=st.sampled_from(["percent", "ms", "money", "times", "count"]),
    said=st.sampled_from(["%", " ms", " EUR", " times", " h", ""]),
)
def test_a_number_of_another_unit_is_never_supported(value: float, unit: str, said: str) -> None:
    same = {"percent": "%", "ms": " ms", "money": " EUR", "times": " times", "count": ""}[unit]
    assume(said != same)
    assert unsupported(f"x is {value:.3f}{said}.", facts_of(value, unit)) is not None


@given(change=st.floats(-0.99, 9.0), decimals=st.integers(1, 3))
def test_a_signed_change_needs_its_own_sign(change: float, decimals: int) -> None:
    said = f"{change:+.{decimals}%}"
    assume(float(said.rstrip("%")) != 0.0 and abs(change) > 0.02)
    fact = Fact(name="x", words="as measured", value=change, unit="share", move=1 if change > 0 else -1)
    facts = Facts(about="x", otherwise="", facts=(fact,))
    turned = said.replace("+", "~").replace("-", "+").replace("~", "-")
    assert unsupported(f"x changed by {said}.", facts) is None
    assert unsupported(f"x changed by {said[1:]}.", facts) is None
    assert unsupported(f"x changed by {turned}.", facts) is not None


@given(st.integers(0, 999_999_999))
def test_numbers_in_words_are_read_as_their_digits(number: int) -> None:
    assert number_words.cardinal(in_words(number)) == number
    assert unsupported(f"There are {in_words(number)} requests.", facts_of(float(number), "count")) is None
    assert unsupported(f"There are {in_words(number)} requests.", facts_of(number + 1.0, "count")) is not None or (
        number == 1  # "one requests" may be a pronoun
    )


@given(seconds=st.floats(30, 5e6))
def test_a_spoken_duration_is_read_as_it_is_written(seconds: float) -> None:
    said = spoken_duration(seconds)
    (found,) = quantities(f"after {said} it ended")
    assert found.unit == "s" and abs(found.value - seconds) <= max(found.step, 3600 if " d" in said else 60)
    assert unsupported(f"It ended after {said}.", Facts(about=said, otherwise="", facts=())) is None


@given(moment=st.datetimes(EARLY, LATE), shift=st.integers(1, 1439))
def test_a_time_of_day_is_supported_only_as_itself(moment: datetime, shift: int) -> None:
    facts = Facts(about="x", otherwise="", facts=(Fact(words=f"{moment:%-d %b %H:%M} UTC"),))
    other = moment + timedelta(minutes=shift)
    assert unsupported(f"It began at {moment:%H:%M} on {moment:%B} {moment.day}.", facts) is None
    assert unsupported(f"It began at {moment:%-I:%M %p} on {moment.day} {moment:%b}.", facts) is None
    assert unsupported(f"It began at {other:%H:%M}.", facts) is not None
    wrong = moment + timedelta(days=1)
    assert unsupported(f"It began on {wrong:%-d %B}.", facts) is not None


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_no_digit_escapes_and_no_text_breaks_the_check(text: str) -> None:
    found = check(text, Facts(about="", otherwise="", facts=(), sentences=50))
    assert not re.search(r"\d", found.text)
    assert not re.search(r"[`<@*]|(?<!-)>|https?:", found.text)  # an arrow is one


def in_words(number: int) -> str:
    """ "one hundred and twenty-three" """
    ones, tens = list(number_words.ONES), list(number_words.TENS)
    if number < 20:
        return ones[number]
    if number < 100:
        return tens[number // 10 - 2] + (f"-{ones[number % 10]}" if number % 10 else "")
    for size, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            joint = " and " if rest < 100 else " "
            return f"{in_words(number // size)} {name}" + (joint + in_words(rest) if rest else "")
    raise AssertionError(number)


def test_a_text_of_scraps_is_read_no_further_than_forty_sentences() -> None:
    assert len(check("What now!\n" * 400, CHURN).dropped) <= 40
