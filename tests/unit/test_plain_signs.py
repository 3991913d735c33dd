"""A terminal that is not UTF-8 gets cards in signs that it has, and no character ever ends a command."""

from __future__ import annotations

import io
import json

import httpx
import pytest
from rich.console import Console

from bizaiops_bot.domain.cards import Card, Chart, Fields, Series, StepLine, Steps
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.surfaces.client import Client
from bizaiops_bot.surfaces.plain_signs import ERRORS, fitted, fitted_card, look_alike, readable
from bizaiops_bot.surfaces.render.text import card_rich

CARD = Card(
    title="churn: v1 90% → v2 10%",
    blocks=(
        Fields(fields=(("Größe", "≥ 5 € – „viel“"), ("Name", "Zoë …"))),
        Steps(steps=(StepLine(name="build", status="done"), StepLine(name="test", status="planned"))),
        Chart(title="p95", x=("a", "b", "c"), series=(Series(name="p95", values=(1.0, 5.0, 9.0)),), unit="ms"),
    ),
)


def shown(encoding: str, *, width: int = 60) -> str:
    raw = io.BytesIO()
    out = Console(
        file=io.TextIOWrapper(raw, encoding=encoding, errors=ERRORS, write_through=True),
        width=width,
        legacy_windows=False,
    )
    out.print(card_rich(fitted_card(CARD, out.encoding), (fitted("Größe", encoding),)))
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1", "koi8-r"])
def test_a_card_keeps_its_frame_and_its_words(encoding: str) -> None:
    lines = shown(encoding).splitlines()
    assert lines[0].startswith("+-") and lines[-1].startswith("+-")
    assert {len(line) for line in lines} == {60}, "the right border is straight"
    assert "->" in lines[0] and "?" not in shown(encoding)


def test_ascii_says_the_same_in_ascii() -> None:
    text = shown("ascii")
    assert text.isascii()
    for words in ("Grosse", '>= 5 EUR - "viel"', "Zoe ...", "+ build", "o test", "_~#"):
        assert words in text, text


def test_what_an_encoding_has_is_left_as_it_is() -> None:
    assert fitted("Größe – 5 €, 90% → 10%", "cp1252") == "Größe – 5 €, 90% -> 10%"


def test_utf_8_changes_nothing() -> None:
    assert fitted_card(CARD, "utf-8") is CARD


@pytest.mark.parametrize(
    ("character", "plain"), [("ﬁ", "fi"), ("Ａ", "A"), ("é", "e"), ("\u200b", ""), ("漢", "?"), ("🔴", "?")]
)
def test_every_other_character_becomes_what_looks_like_it_or_a_question_mark(character: str, plain: str) -> None:
    assert look_alike(character) == plain


def test_bytes_that_python_could_not_read_become_words_again() -> None:
    assert readable("größe".encode().decode("ascii", "surrogateescape")) == "größe"
    assert readable("größe".encode("latin-1").decode("ascii", "surrogateescape")).startswith("gr")


def test_what_is_said_under_such_a_locale_reaches_the_bot_as_it_was_meant() -> None:
    heard: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(404, json={"error": {"what": "no", "why": "", "do": ""}})

    typed = "größe".encode().decode("ascii", "surrogateescape")
    client = Client("http://bot", httpx.Client(base_url="http://bot", transport=httpx.MockTransport(answer)))
    with pytest.raises(BotError):
        client.post(typed, typed, typed)
    assert json.loads(heard[0].content) == {"actor": "größe", "text": "größe", "thread": None}
    assert heard[0].url.path == "/api/conversations/größe/messages"


def test_the_newest_values_stay_where_a_terminal_is_narrow() -> None:
    values = tuple(float(i) for i in range(48))
    card = Card(title="t", blocks=(Chart(title="p95", x=("",) * 48, series=(Series(name="p95", values=values),)),))
    printed = io.StringIO()
    Console(file=printed, width=40).print(card_rich(card))
    line = next(line for line in printed.getvalue().splitlines() if "█" in line)
    assert "…" not in line and line.count("█") >= 1
