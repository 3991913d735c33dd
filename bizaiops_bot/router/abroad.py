"""What is said in another language than English: read where a phrase book has all of it, else answered politely."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.routing import Catalogue, Refusal
from bizaiops_bot.router import languages, phrasebook
from bizaiops_bot.router.phrasebook import Book, InEnglish
from bizaiops_bot.router.slots.kept import by_identity
from bizaiops_bot.router.tongues import ALL, Language

_BY_NAME = {language.name: language for language in ALL}
_SURELY = 2
"""So many words of a book alone are no English sentence."""
_UNUSED = 1
"""Of a question so many words may be left over; the answer names them."""
_PLEASE = re.compile(r"\b(?:bitte|s'il vous plait|svp|por favor)\b[,!]?", re.I)
_WORD = re.compile(r"[^\W\d_]+")
_HELP = "For example: `status churn`, `how did churn do this week?`, or `help`."


def in_english(
    text: str, books: tuple[Book, ...], catalogue: Catalogue, known: Callable[[str, Catalogue], bool]
) -> tuple[str | Refusal, dict[str, Any]]:
    """The words in English, with what is noted of them; a refusal for what is not understood, or changes something.

    The refusal's `english` is what may be put under a button. A sentence in English comes back as it is.
    """

    def is_english(word: str) -> bool:
        return languages.is_english(word) or known(word, catalogue)

    plain = _PLEASE.sub("", text).strip()
    if plain != text and all(map(is_english, _WORD.findall(plain.lower()))):
        return plain, {}  # "bitte pause churn": one polite word makes no other language
    return _translated(text, books, catalogue, is_english)


def _translated(
    text: str, books: tuple[Book, ...], catalogue: Catalogue, is_english: Callable[[str], bool]
) -> tuple[str | Refusal, dict[str, Any]]:
    said, names = phrasebook.fold(text), _names(catalogue.models)
    spoken = phrasebook.spoken(said, names.keys(), books, is_english)
    found = phrasebook.read(said, names, spoken) if spoken else None
    if found and not found.order and len(found.left) <= _UNUSED:
        unused = {"unused": found.left} if found.left else {}
        return found.english, {"said": text, "polite": found.book.file.answers, **unused}
    if question := languages.plain_question(text):
        return question, {"said": text}
    if found and found.whole:
        return _asked_back(found, found.book.file.asks, "Did you mean this? Nothing was started."), {}
    language, english = _told(text, spoken)
    if found and not found.order and not english:
        return _asked_back(found, found.book.file.nearest, "I did not get all of that. Nothing was started."), {}
    if language is None:
        return text, {}
    why = f"{language.sorry} Sorry, I understand that in English only so far. Nothing was started.".strip()
    return Refusal(why=why, help=_HELP, heard={"english": english, "foreign": language.name}), {}


def _told(text: str, spoken: dict[Book, int]) -> tuple[Language | None, str]:
    """The language, and what is ordered in it in English: "" for what is asked, and where there is no such order."""
    language, english = languages.order(text) or (languages.detect(text), "")
    if language is None and spoken:
        book = max(spoken, key=lambda one: spoken[one])
        language = _BY_NAME.get(book.file.language) if spoken[book] >= _SURELY else None
    asks = language and any(book.asks(text) for book in spoken if book.file.language == language.name)
    return language, "" if asks else english


def _asked_back(found: InEnglish, politely: str, plainly: str) -> Refusal:
    heard = {"english": found.english, "foreign": found.book.file.language}
    return Refusal(why=f"{politely} {plainly}", help=_HELP, heard=heard)


@by_identity
def _names(models: tuple[ModelSpec, ...]) -> dict[str, str]:
    """{what people call it, folded: the model}."""
    return {phrasebook.fold(said): m.name for m in models for said in (*m.aliases, m.title, m.name)}
