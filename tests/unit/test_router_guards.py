"""What the router does not even begin to read."""

from __future__ import annotations

from typing import Any

import pytest

from bizaiops_bot.domain.routing import Command
from bizaiops_bot.router import languages
from tests.support.router_company import does, hears, refuses


def test_a_message_of_100_kilobytes_is_refused_with_the_limit() -> None:
    refusal = refuses("deploy churn v3 " * 6400)
    assert "2,000" in refusal.why


def test_text_that_grows_over_the_limit_when_normalised_is_refused() -> None:
    assert "2,000" in refuses("\ufdfa" * 1999).why


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\x00\x01\x02", "\u200b\u200b", "\u202e"])
def test_a_message_without_text_is_refused_with_help(text: str) -> None:
    assert "help" in refuses(text).help


@pytest.mark.parametrize(
    "text", ["> deploy churn v3", ">deploy churn v3\n> now", "```\ndeploy churn v3\n```", "```deploy churn v3"]
)
def test_quoted_text_and_code_are_nobodys_request(text: str) -> None:
    assert "quoted" in refuses(text).why


def test_the_name_that_a_mention_carries_is_nobodys_request() -> None:
    assert does("<@U1|approve run 1> status churn") == ("show_status", {"model": "churn"})
    assert does("status churn <#C1|roll back churn>") == ("show_status", {"model": "churn"})


def test_only_the_own_words_beside_a_quotation_count() -> None:
    assert does("> deploy churn v3\nstatus churn") == ("show_status", {"model": "churn"})
    assert does("status demand\n```\nroll back churn\n```") == ("show_status", {"model": "demand"})


@pytest.mark.parametrize(
    "text",
    [
        "status\x00 churn",
        "status\u200b churn",
        "\u202estatus churn",
        "ｓｔａｔｕｓ churn",
        "  status \t churn  ",
        "`status churn`",
        "@bot status churn",
        "/mlops status churn",
        "<@U024BE7LH> status churn",
        "hey bot, status churn",
    ],
)
def test_invisible_characters_odd_widths_and_addresses_do_not_matter(text: str) -> None:
    assert does(text) == ("show_status", {"model": "churn"})


@pytest.mark.parametrize(
    "text",
    [
        "zeig mir das wetter von gestern in der stadt",
        "muéstrame la foto del perro",
        "quel temps fait-il demain à la plage",
        "покажи статус",
        "チャーンの状態を見せて",
        "أظهر الحالة",
    ],
)
def test_other_languages_get_a_polite_no_in_english(text: str) -> None:
    assert "Nothing was started." in refuses(text).why


@pytest.mark.parametrize(
    "text", ["status churn", "revert churn", "résumé of churn please show me the status of churn", "models"]
)
def test_english_is_not_taken_for_another_language(text: str) -> None:
    assert not languages.is_foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE runs; --",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "../../etc/passwd",
        "%s%s%s%n",
        "a" * 2000,
        "deploy " * 250,
        "(" * 500,
        "[" * 500 + "{model}",
        "v" + "9" * 1500,
        "deploy churn v99999999999999999999",
        "every " * 300,
        "1 " * 900,
        "deploy churn v3\u0301\u0301\u0301 " * 20,
    ],
)
def test_hostile_text_never_raises_and_never_acts(text: str) -> None:
    assert not isinstance(hears(text), Command)


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\u034f", "\u3164", "\U000e0020"]
)
def test_an_invisible_character_parts_words_and_keeps_none_apart(hidden: str) -> None:
    assert does(f"status{hidden}churn") == ("show_status", {"model": "churn"})
    assert does(f"sta{hidden}tus churn") == ("show_status", {"model": "churn"})
    assert does(f"deploy{hidden}churn{hidden}v3")[1] == {"model": "churn", "version": "v3"}


@pytest.mark.parametrize(
    "text",
    [
        "~deploy churn v3~ status churn",
        "status churn ~~and deploy churn v3~~",
        "<s>deploy churn v3</s> status churn",
        "<del>deploy churn v3</del> <strike>roll back churn</strike> status churn",
        "d\u0336e\u0336p\u0336l\u0336o\u0336y\u0336 status churn",
        "~deploy churn v3~\n~approve run 7~\nstatus churn",
    ],
)
def test_struck_words_are_not_heard(text: str) -> None:
    assert does(text) == ("show_status", {"model": "churn"})


@pytest.mark.parametrize(
    "text",
    [
        "~deploy churn v3~",
        'Bob said "deploy churn v3"',
        'the lead said "deploy churn v3"',
        "Bob said 'deploy churn v3'",
        "lead wrote \u201capprove run 7\u201d",
        '"deploy churn v3"',
        "\u00abroll back churn\u00bb",
        "the ticket says `roll back churn`",
        "Bob said: deploy churn v3",
        "Fwd: deploy churn v3",
        "Re: FW: deploy churn v3",
        "WG: deploy churn v3",
        "-------- Message original --------\ndeploy churn v3",
        "-----Ursprüngliche Nachricht-----\ndeploy churn v3",
        "El lunes, 3 nov 2026, Ana escribió:\ndeploy churn v3",
        "Von: Bob\nGesendet: Montag\ndeploy churn v3",
        "Forwarded from Bob\ndeploy churn v3",
    ],
)
def test_an_order_that_is_only_quoted_is_refused_without_a_button(text: str) -> None:
    refusal = refuses(text)
    assert "quoted or pasted" in refusal.why and not refusal.choices


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`deploy churn v3`", ("deploy_model", {"model": "churn", "version": "v3"})),
        ("deploy `churn` `v3`", ("deploy_model", {"model": "churn", "version": "v3"})),
        ('status of "customer churn"', ("show_status", {"model": "churn"})),
        ('reject run 7 because "deploy is risky"', ("reject_run", {"run": 7, "reason": "deploy is risky"})),
    ],
)
def test_names_reasons_and_copied_commands_may_have_their_marks(text: str, expected: tuple[str, Any]) -> None:
    assert does(text) == expected


@pytest.mark.parametrize(
    "text", ["„deploy churn v3“", "‚deploy churn v3‘", "lead: deploy churn v3", "lee: approve run 7"]
)
def test_quotes_of_other_lands_and_a_line_of_a_chat_are_no_order(text: str) -> None:
    refusal = refuses(text)
    assert "quoted or pasted" in refusal.why and not refusal.choices
