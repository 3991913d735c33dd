"""German, French and Spanish are read where a phrase book has every word of it; what would change something is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bizaiops_bot.conversation.cards import refusal_card, with_unused
from bizaiops_bot.domain.cards import Card, Text
from bizaiops_bot.domain.routing import Command, Refusal
from bizaiops_bot.router import languages, phrasebook
from bizaiops_bot.router.phrasebook import Book, BookFile
from tests.eval.talk import languages as held_out
from tests.support.router_company import does, hears, intents, router, specs

NAMES = {"churn": "churn", "demand": "demand"}


@pytest.mark.parametrize(
    ("text", "playbook", "inputs"),
    [
        ("gibt es gerade Alarme bei churn?", "list_alerts", {"model": "churn"}),
        ("wieso ist demand so lahm", "investigate_model", {"model": "demand"}),
        ("vergleiche churn v1 mit v2", "compare_versions", {"model": "churn", "version_a": "v1", "version_b": "v2"}),
        ("was bedeutet eigentlich drift?", "help", {"topic": "what drift means"}),
        ("qui peut mettre churn en production ?", "show_policy", {"model": "churn"}),
        ("combien de réplicas a demand ?", "show_status", {"model": "demand"}),
        ("¿quién desplegó churn?", "show_history", {"model": "churn"}),
        ("enséñame los modelos", "list_models", {}),
    ],
)
def test_a_question_is_answered(text: str, playbook: str, inputs: dict[str, str]) -> None:
    assert does(text) == (playbook, inputs)


def test_the_answer_has_one_line_in_the_language_and_says_what_was_understood() -> None:
    decision = hears("wie geht es churn?")
    assert isinstance(decision, Command) and decision.heard["said"] == "wie geht es churn?"
    assert decision.heard["text"] == "status churn"
    card = with_unused(Card(title="churn: healthy", blocks=(Text(text="All well."),)), decision)
    assert [block.text for block in card.blocks if isinstance(block, Text)] == [
        "Ich antworte auf Englisch.",
        "All well.",
    ]


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("kannst du demand v2 mit 5% ausrollen?", "deploy demand v2 as a 5% canary"),
        ("setz churn bitte auf die vorherige Version zurück", "roll back churn"),
        ("skaliere churn auf 4 Instanzen", "scale churn to 4"),
        ("mets demand en pause", "pause demand"),
        ("dégèle les déploiements", "unfreeze"),
        ("vuelve a entrenar churn", "retrain churn"),
        ("silencia las alertas de churn", "mute churn alerts"),
    ],
)
def test_an_order_is_asked_back_in_its_language_with_the_english_form_to_click(text: str, english: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Refusal)
    assert [choice.command for choice in decision.choices] == [english]
    asks = [book.file.asks for book in phrasebook.load()]
    assert decision.why.startswith(tuple(asks)) and decision.why.endswith("Did you mean this? Nothing was started.")
    assert [button.command for button in refusal_card(decision).buttons] == [english]


@pytest.mark.parametrize(
    "text",
    [
        "wann wird churn v2 ausgerollt?",
        "wurde churn zurückgesetzt?",
        "soll ich churn pausieren?",
        "churn bitte nicht pausieren",
        "wenn alles grün ist, rolle churn v2 aus",
        "faut-il mettre churn en pause ?",
        "ne mets pas churn en pause",
        "¿cuándo se desplegó churn v2?",
        "¿debo pausar churn?",
        "no pongas churn en pausa",
    ],
)
def test_a_question_a_no_and_a_condition_have_no_button_that_changes_something(text: str) -> None:
    decision = hears(text)
    risk = {spec.name: spec.risk for spec in specs()}
    if isinstance(decision, Command):
        assert risk[decision.playbook] == "read"
    else:
        assert {risk[choice.bind["playbook"]] for choice in decision.choices} <= {"read"}


def test_what_is_half_understood_is_offered_not_read() -> None:
    decision = hears("wie geht es churn hinter den Bergen?")
    assert isinstance(decision, Refusal) and decision.why.startswith("Das habe ich nicht verstanden.")
    assert [choice.command for choice in decision.choices] == ["status churn"]


def test_what_no_book_knows_gets_the_polite_sentence_and_something_to_click() -> None:
    decision = hears("kannst du mir einen Kaffee machen und die Blumen gießen?")
    assert isinstance(decision, Refusal) and "in English only" in decision.why
    assert [choice.command for choice in decision.choices] == ["models", "help"]


def test_no_sentence_in_english_is_taken_for_another_language() -> None:
    said = [text for intent in intents() for text in intent.examples]
    said += [line["text"] for line in _english_lines()]
    books, known = phrasebook.load(), router().parts.vocabulary | NAMES.keys()
    taken = [text for text in said if _read(text, books, lambda word: word in known or languages.is_english(word))]
    assert len(said) > 1000 and taken == []


def _read(text: str, books: tuple[Book, ...], english: Callable[[str], bool]) -> object:
    words = phrasebook.fold(text)
    return phrasebook.read(words, NAMES, phrasebook.spoken(words, NAMES.keys(), books, english))


def _english_lines() -> list[dict[str, str]]:
    """The talk set without the scenes of colleagues who speak another language."""
    folder = Path(held_out.__file__).parent
    scenes = [
        s for half in ("seen", "unseen") for s in yaml.safe_load((folder / f"talk_{half}.yaml").read_text("utf-8"))
    ]
    abroad = ("german", "french", "spanish")
    return [line for s in scenes if not s["scene"].startswith(abroad) for line in s["said"] if "text" in line]


def test_of_the_held_out_sentences_most_are_understood_and_none_begins_a_change() -> None:
    outcomes = [(said, outcome) for found in held_out.played().values() for said, outcome in found]
    reads = [outcome for said, outcome in outcomes if said.read]
    orders = [outcome for said, outcome in outcomes if said.order]
    assert reads.count("right") / len(reads) >= 0.95
    assert orders.count("button") / len(orders) >= 0.95
    assert {outcome for _, outcome in outcomes} <= {"right", "button", "polite"}


def test_every_order_of_a_book_is_one_that_the_bot_understands_in_english() -> None:
    values = {"model": "churn", "version": "v2", "percent": "20%", "number": "4", "when": "until monday"}
    books = phrasebook.load()
    assert {book.file.language for book in books} == {"German", "Spanish", "French"}
    for book in books:
        for english in book.file.orders:
            decision = hears(phrasebook.filled(english, values))
            assert isinstance(decision, Command) or decision.choices or "cancel" in english or "approve" in english, (
                english
            )


def test_values_stand_in_any_order() -> None:
    file = BookFile(
        language="Test",
        answers="a",
        asks="b",
        nearest="c",
        asking=("wann",),
        aside=("auf",),
        times={"heute": "today"},
        reads={"kpis {model} {when}": (("zahlen", "{model}"),)},
        orders={"scale {model} to {number}": (("skalier*", "{number}"),)},
    )
    book = Book(file)
    found = book.read("auf 4 skaliere demand", NAMES)
    assert found is not None and (found.english, found.order, found.whole) == ("scale demand to 4", True, True)
    assert book.read("wann skaliere demand auf 4", NAMES) is None
    read = book.read("heute zahlen churn", NAMES)
    assert read is not None and read.english == "kpis churn today"
