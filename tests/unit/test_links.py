"""A card's link leads to the console and nowhere else, on every surface; a file can be taken from each."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from bizaiops_bot.domain.cards import Card, File, Link, Links
from bizaiops_bot.domain.posts import reachable
from bizaiops_bot.surfaces.render import adaptive, blockkit
from bizaiops_bot.surfaces.render.html import card_blocks
from bizaiops_bot.surfaces.render.text import plain_text
from tests.injection.shown import posted

PSI = Links(links=(Link(label="Handbook: PSI", to="/handbook/glossary#psi"),))
CSV = File(name="churn-kpis.csv", title="KPIs of churn", text="day,churn_rate\n2026-03-01,17\n")
CARD = Card(title="PSI", blocks=(PSI, CSV))
SITE = "https://bot.example.org"


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "javascript:alert(1)", "/a b", "handbook", '/x"onclick', "/x\n"]
)
def test_a_link_takes_no_address_outside_the_console(to: str) -> None:
    with pytest.raises(ValidationError):
        Link(label="x", to=to)


def test_the_console_links_to_its_own_page_and_a_terminal_names_it() -> None:
    assert '<a href="/handbook/glossary#psi">Handbook: PSI</a>' in card_blocks(CARD)
    assert "/handbook/glossary#psi" in plain_text(CARD) and "churn-kpis.csv" in plain_text(CARD)


def test_in_slack_the_link_is_the_consoles_address_and_the_file_goes_into_the_thread() -> None:
    message = blockkit.render(reachable(posted(CARD), SITE))
    body = json.dumps(message.blocks)
    assert f'"url": "{SITE}/handbook/glossary#psi"' in body and f'"url": "{SITE}/files/' in body
    assert [(picture.name, picture.png()) for picture in message.pictures] == [("churn-kpis.csv", CSV.text.encode())]
    assert not blockkit.check(message.blocks)


def test_in_teams_the_link_and_the_file_are_buttons_that_open_the_console() -> None:
    card = adaptive.render(reachable(posted(CARD), SITE))
    body = json.dumps(card)
    assert f'"url": "{SITE}/handbook/glossary#psi"' in body and f'"url": "{SITE}/files/' in body
    assert not adaptive.check(card)


def test_without_an_address_the_page_is_named_and_nothing_is_a_link() -> None:
    message, card = blockkit.render(posted(CARD)), adaptive.render(posted(CARD))
    for body in (json.dumps(message.blocks), json.dumps(card)):
        assert "/handbook/glossary#psi" in body and "url" not in body
    assert not blockkit.check(message.blocks) and not adaptive.check(card)
