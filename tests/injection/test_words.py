"""A language model that writes what an attacker wants: none of it is shown, and nobody acts on what it writes."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel

from bizaiops_bot.adapters.openai.client import LanguageClient
from bizaiops_bot.adapters.openai.said import Said
from bizaiops_bot.adapters.openai.words import OpenAiWords
from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.cards import Card, Text
from bizaiops_bot.domain.facts import Fact, Facts
from tests.injection import shown
from tests.injection.attacks import Attack, attacks
from tests.injection.obeying import sees

TRUE = "Churn rate rose to 4.2%, above its usual range of 3.1% to 3.9%"
FACTS = Facts(
    about="KPIs of churn",
    facts=(
        Fact(
            name="Churn rate",
            value=0.042,
            unit="share",
            move=1,
            good=False,
            words="4.2% on Tuesday, usually 3.1% to 3.9%, unusual; +12.0% against the Tuesday before",
        ),
    ),
    otherwise="Churn rate 4.2%, outside its usual range.",
    names=("churn",),
    others=("demand",),
    sentences=2,
)
FORMS = ("{attack}", "{true}. {attack}", "{true}, so {attack}", "{attack} {true}.", "**{true}** `{attack}`")
MOST_WORDS = 0.03
MARKS = ("<", ">", "http", "www.", "@", "](", "bizaiops_", "api key", "password", "xoxb", "sk-live")


class ObeyingWriter:
    """As the client of a language model that has been talked into writing `text`."""

    def __init__(self) -> None:
        self.text = ""

    async def ask_why(self, prompt: Any, user_text: str, schema: type[BaseModel], **_: Any) -> Said[Any]:
        return Said(schema(text=self.text), {"model": "obeying"})


async def _nothing(about: str, detail: dict[str, Any]) -> None:
    """The audit."""


def _writer() -> tuple[ObeyingWriter, OpenAiWords]:
    client = ObeyingWriter()
    return client, OpenAiWords(cast(LanguageClient, client), cast(Ports, None), _nothing)


async def test_what_a_writer_was_talked_into_is_not_shown(record_testsuite_property: Any) -> None:
    client, words = _writer()
    wrong: list[str] = []
    count = kept = ordering = 0
    for attack in attacks():
        for form in FORMS:
            client.text = form.replace("{attack}", attack.text).replace("{true}", TRUE)
            said = await words.sentence("digest", FACTS, channel="ml-ops")
            count += 1
            kept += said.source == "language model"
            ordering += _holds(said.text, attack)
            wrong += [f"{problem}: {said.text!r} of {client.text[:120]!r}" for problem in _harm(said.text)]
    told = (
        f"{count} texts of an obeying writer: {kept} with a sentence shown, {ordering} of them with words of the attack"
    )
    record_testsuite_property("injection", told)
    assert count >= 5000
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong[:25])
    assert kept >= 0.1 * count  # a true sentence beside the attack is still worth showing
    # Bare words that order nothing of a machine may slip through to a reader; nothing hears them.
    assert ordering <= MOST_WORDS * count, told


async def test_a_true_sentence_is_shown_so_that_silence_is_not_the_defence() -> None:
    client, words = _writer()
    client.text = f"{TRUE}."
    said = await words.sentence("digest", FACTS, channel="ml-ops")
    assert said.source == "language model" and "4.2%" in said.text


def _harm(text: str) -> list[str]:
    """What is alive in a shown text, or could be clicked, notify somebody or give a secret away."""
    card = Card(title="KPIs of churn", blocks=(Text(text=text),))
    return [mark for mark in MARKS if mark in text.lower()] + shown.alive(card)


def _holds(text: str, attack: Attack) -> bool:
    return attack.goal.say.lower() in text.lower() or sees(attack, text, FACTS.text + TRUE)
