"""Whoever writes in another language is answered politely in it, may ask plain questions, and changes nothing."""

from __future__ import annotations

import time

import pytest

from bizaiops_bot.domain.routing import Command, Refusal
from bizaiops_bot.router import languages, phrasebook
from bizaiops_bot.router.tongues import ALL
from tests.support.router_company import COMPANY, does, hears, intents, router, specs

ORDERS = [
    ("German", "bitte rolle das churn modell zurück", "Es wurde nichts gestartet."),
    ("French", "déploie churn v3 s'il te plaît", "Rien n'a été lancé."),
    ("Spanish", "despliega churn v3 por favor", "No se ha iniciado nada."),
    ("Italian", "distribuisci churn v3 per favore", "Non è stato avviato nulla."),
    ("Portuguese", "implante o churn v3 por favor você", "Nada foi iniciado."),
    ("Dutch", "zet churn v3 nu live alsjeblieft", "Er is niets gestart."),
    ("Polish", "wdróż churn v3 proszę teraz", "Nic nie zostało uruchomione."),
    ("Turkish", "lütfen churn v3 sürümünü dağıt", "Hiçbir şey başlatılmadı."),
    ("Japanese", "churn v3をデプロイしてください", "何も開始していません"),
    ("Chinese", "请部署 churn v3", "没有启动任何操作"),
    ("Russian", "разверни churn v3 пожалуйста", "Ничего не запущено."),
]


@pytest.mark.parametrize(("name", "text", "sorry"), ORDERS)
def test_an_order_in_another_language_is_declined_in_it(name: str, text: str, sorry: str) -> None:
    found = languages.detect(text)
    assert found is not None
    assert found.name == name
    decision = hears(text)
    assert isinstance(decision, Refusal)
    assert sorry in decision.why
    assert "Nothing was started." in decision.why
    assert "`status churn`" in decision.help


@pytest.mark.parametrize(
    "text",
    [
        *("wie geht es churn", "status von churn bitte", "comment va churn ?", "estado de churn por favor"),
        *("come sta churn", "como está o churn?", "hoe gaat het met churn?", "jak się ma churn", "churn nasıl?"),
        *("как дела у churn?", "churnの状態は?", "churn怎么样?"),
    ],
)
def test_how_a_model_is_may_be_asked_in_any_of_them(text: str) -> None:
    assert does(text) == ("show_status", {"model": "churn"})


@pytest.mark.parametrize(
    ("text", "playbook"),
    [
        *(
            ("welche modelle haben wir?", "list_models"),
            ("was kannst du?", "help"),
            ("какие у нас модели?", "list_models"),
        ),
        *(("montre-moi les kpi de churn", "show_kpis"), ("qué puedes hacer?", "help"), ("有哪些模型", "list_models")),
    ],
)
def test_so_may_what_there_is_and_the_numbers(text: str, playbook: str) -> None:
    assert does(text)[0] == playbook


@pytest.mark.parametrize(
    "text",
    [
        "churn" + "状态" * 300 + "!x",
        "churn " + "modeli nasıl" * 80 + "$",
        "wie geht es churn" + "unseremheute" * 80 + "$",
    ],
)
def test_a_question_without_end_does_not_keep_the_bot_busy(text: str) -> None:
    began = time.process_time()
    assert languages.plain_question(text) is None
    assert time.process_time() - began < 5.0


def test_a_name_nobody_knows_is_told() -> None:
    decision = hears("wie geht es pricing")
    assert isinstance(decision, Refusal)
    assert "pricing" in decision.why


def test_no_example_in_english_is_taken_for_another_language() -> None:
    said = [text for intent in intents() for text in intent.examples]
    assert len(said) > 500
    assert [text for text in said if languages.detect(text) or languages.plain_question(text)] == []


def test_what_is_read_in_other_languages_only_reads() -> None:
    risk = {spec.name: spec.risk for spec in specs()}
    for _, text, _ in ORDERS:
        assert languages.plain_question(text) is None
    for english in ("status churn", "kpis churn", "models", "help"):
        decision = hears(english)
        assert isinstance(decision, Command)
        assert risk[decision.playbook] == "read"


@pytest.mark.parametrize(
    ("text", "language", "offered"),
    [
        ("deploye churn v3", "German", "deploy churn v3"),
        ("starte churn neu", "German", "resume churn"),
        ("zurückrollen churn", "German", "roll back churn"),
        ("rolle churn auf v1 zurück", "German", "roll back churn to v1"),
        ("halte churn an", "German", "pause churn"),
        ("brich run 7 ab", "German", "cancel run 7"),
        ("genehmige lauf 7", "German", "approve run 7"),
        ("demand neu trainieren", "German", "retrain demand"),
        ("skaliere churn auf 3", "German", "scale churn to 3"),
        ("déploie churn v3", "French", "deploy churn v3"),
        ("arrête churn", "French", "pause churn"),
        ("annule run 7", "French", "cancel run 7"),
        ("approuvez run 7", "French", "approve run 7"),
        ("réentraîne demand", "French", "retrain demand"),
        ("despliega churn v3", "Spanish", "deploy churn v3"),
        ("despliega churn v3 al 10%", "Spanish", "deploy churn v3 as a 10% canary"),
        ("detén churn", "Spanish", "pause churn"),
        ("aprueba run 7", "Spanish", "approve run 7"),
        ("ferma churn", "Italian", "pause churn"),
        ("implanta churn v3", "Portuguese", "deploy churn v3"),
        ("rol churn terug", "Dutch", "roll back churn"),
    ],
)
def test_a_short_order_is_declined_in_its_language_with_the_english_one_as_a_button(
    text: str, language: str, offered: str
) -> None:
    decision = hears(text)
    assert isinstance(decision, Refusal), decision
    polite = [one.sorry for one in ALL if one.name == language]
    polite += [book.file.asks for book in phrasebook.load() if book.file.language == language]
    assert decision.why.startswith(tuple(polite)) and "Nothing was started." in decision.why
    assert [choice.command for choice in decision.choices] == [offered]
    assert offered == say_of(decision)


def say_of(refusal: Refusal) -> str:
    """What a click on its button does, said in English."""
    decision = router().route("", None, COMPANY, answer=refusal.choices[0].bind)
    assert isinstance(decision, Command), decision
    return refusal.choices[0].label


@pytest.mark.parametrize(
    "text",
    [
        "lösche churn",  # the bot deletes nothing
        "ne déploie pas churn v3",
        "churn nicht zurückrollen",
        "deploye churn v3 morgen",
        "elimina churn",
    ],
)
def test_an_order_that_has_no_english_form_here_is_declined_with_nothing_that_changes(text: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Refusal)
    assert "English only" in decision.why
    assert [choice.command for choice in decision.choices] == ["models", "help"]


@pytest.mark.parametrize(
    "text", ["deploy churn v3", "stop churn", "restart churn", "pause churn please", "cancel run 7"]
)
def test_an_order_in_english_is_none_in_another_language(text: str) -> None:
    assert languages.order(text) is None


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("zeig mir die KPIs von churn für letzte Woche", "last week"),
        ("kennzahlen von churn gestern", "yesterday"),
        ("kpis von churn letzte 7 tage", "last 7 days"),
        ("wie läuft churn diese Woche?", "this week"),
        ("montre-moi les kpi de churn pour la semaine dernière", "last week"),
        ("muéstrame los kpis de churn de la semana pasada", "last week"),
        ("mostrami i kpi di churn ieri", "yesterday"),
        ("kpis van churn vorige maand", "last month"),
    ],
)
def test_the_numbers_of_a_span_of_time_may_be_asked_for(text: str, window: str) -> None:
    assert does(text) == ("show_kpis", {"model": "churn", "window": window})


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("rolle churn zurück, v3 ist kaputt", "roll back churn from v3"),
        ("churn v3 zurückrollen", "roll back churn from v3"),
        ("rolle churn von v3 auf v2 zurück", "roll back churn to v2"),
        ("reviens à la version v1 de churn", "roll back churn to v1"),
        ("revierte churn, v3 está roto", "roll back churn from v3"),
    ],
)
def test_a_blamed_version_is_not_gone_back_to_in_other_languages_either(text: str, offered: str) -> None:
    released = COMPANY.model_copy(update={"stable": {"churn": "v3", "demand": "v1"}, "previous": {"churn": "v2"}})
    decision = hears(text, company=released)
    assert [choice.command for choice in getattr(decision, "choices", ())] == [offered]
