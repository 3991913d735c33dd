"""A handbook full of orders: its passages are shown, offered and linked to, and none of it is ever heard."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from bizaiops_bot.domain.routing import Command
from bizaiops_bot.engine.audit.redaction import redact
from bizaiops_bot.evaluation.company import COMPANY, own_router
from bizaiops_bot.handbook.book import Handbook
from bizaiops_bot.handbook.html import read_page
from bizaiops_bot.handbook.index import Index
from bizaiops_bot.handbook.pages import Section
from playbooks.help import help as help_playbook
from tests.injection import shown
from tests.injection.attacks import Attack, attacks
from tests.support.fake_company import Company
from tests.support.run_double import RunDouble

EVERY = 40
ASKED = "how do I hand the zebra over to the aquarium?"


@cache
def some() -> tuple[Attack, ...]:
    return tuple(attack for attack in attacks()[::EVERY] if redact(attack.text) == attack.text)  # no page has secrets


class HostileBook(Handbook):
    """Every section is an attack, in its title and in its text, and answers what is asked."""

    def __init__(self, attack: Attack) -> None:
        super().__init__(None, [])
        text = f"How to hand the zebra over to the aquarium: {attack.text}"
        sections = [
            Section("how-to/zebra", "Zebra", f"s-{n}", f"Zebra {n} aquarium {attack.text}", (text,)) for n in range(3)
        ]
        self.__dict__["_index"] = Index(sections, {"how-to/zebra#s-0": [ASKED]}, None, [])


@pytest.mark.parametrize("attack", some(), ids=lambda attack: attack.family)
async def test_a_passage_that_orders_is_shown_and_orders_nothing(attack: Attack) -> None:
    # given a page that somebody has written orders into
    run = RunDouble(Company())
    run.handbook = HostileBook(attack)
    # when its passage is the answer to a question
    card = await help_playbook.body(run, help_playbook.inputs.model_validate({"topic": ASKED}))
    # then nothing was done, nothing on the card is alive, and every button asks the handbook
    assert not run.done and not run.notified
    assert not shown.alive(card)
    bound = [json.loads(button.bind["inputs"]) for button in card.buttons if button.bind]
    assert all(button.bind["playbook"] == "help" for button in card.buttons if button.bind)
    assert all(set(inputs) == {"topic"} for inputs in bound)


@pytest.mark.parametrize("attack", some()[::4], ids=lambda attack: attack.family)
def test_the_words_of_a_button_that_opens_a_passage_are_no_order_either(attack: Attack) -> None:
    router = own_router()
    title = " ".join(attack.text.split())[:300]
    decision = router.route(f"help Zebra: {title}", None, COMPANY)
    assert not isinstance(decision, Command) or decision.playbook == "help", decision


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        '## <b onmouseover="x">Title</b>',
        "![x](https://evil.example/x.png)",
    ],
)
def test_a_page_of_the_handbook_has_no_markup_of_its_own(tmp_path: Path, text: str) -> None:
    (tmp_path / "how-to").mkdir()
    (tmp_path / "how-to" / "zebra.md").write_text(f"# Zebra\n\n{text}\n", encoding="utf-8")
    body = read_page(tmp_path, "how-to/zebra").body
    for alive in ("<script", "<img", "<b ", 'href="javascript', 'href="data'):
        assert alive not in body
