"""Whoever writes in another language is answered politely in it, may ask plain questions, and changes nothing."""

from __future__ import annotations

import time

import pytest

from bizaiops_bot.domain.routing import Command, Refusal
from bizaiops_bot.router import languages
from tests.support.router_company import does, hears, intents, specs

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
    assert "English only" in decision.why
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
    began = time.perf_counter()
    assert languages.plain_question(text) is None
    assert time.perf_counter() - began < 1.0


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
