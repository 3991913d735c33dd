"""What a router is made of: the intents, what they were learned into, and the words they are given in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.handbook.book import Handbook
from bizaiops_bot.router import phrasebook
from bizaiops_bot.router.at_hand.aspects import Aspects
from bizaiops_bot.router.classifier import BUILT, Classifier
from bizaiops_bot.router.formats import Formats
from bizaiops_bot.router.intents import NONE, Intent
from bizaiops_bot.router.language import Language
from bizaiops_bot.router.phrasebook import Book
from bizaiops_bot.router.spelling import Spelling
from bizaiops_bot.router.telling import Telling
from bizaiops_bot.router.training import absent, pairs, vocabulary


@dataclass
class Parts:
    """intents: by name. specs, by_playbook: by playbook.

    vocabulary: every word of the intents; own_words: those in which something is asked or ordered that the bot does.
    spelling: mends slips in those that give commands. books: other languages. aspects: what short sentences ask of a
    thing that is not named. language: the model that is asked where the rest is unsure, None for none.
    """

    intents: dict[str, Intent]
    specs: dict[str, PlaybookSpec]
    by_playbook: dict[str, Intent]
    formats: Formats
    classifier: Classifier
    vocabulary: frozenset[str]
    own_words: frozenset[str]
    spelling: Spelling
    telling: Telling
    books: tuple[Book, ...]
    handbook: Handbook
    aspects: Aspects
    language: Language | None = None

    def known(self, name: str) -> Intent:
        """The intent, or one that refuses."""
        return self.intents.get(name) or NOTHING

    def timed(self, intent: Intent) -> bool:
        """Whether a time to come is part of the request."""
        return any(slot.kind == "cron" for slot in self.specs[intent.playbook].slots)


def made_of(
    intents: list[Intent],
    playbooks: list[PlaybookSpec],
    cache_dir: Path | None,
    language: Language | None,
    encoder_dir: Path | None,
) -> Parts:
    """The parameters and the errors are those of `Router`."""
    specs = {spec.name: spec for spec in playbooks}
    usable = [intent for intent in intents if intent.risk == "none" or intent.playbook in specs]
    by_playbook = {intent.playbook: intent for intent in reversed(usable) if intent.playbook}
    _check_slots(usable, specs)
    words = vocabulary(usable) | _commands(usable)
    missing = [intent for intent in intents if intent not in usable]
    learned = sorted((dict(absent(missing)) | dict(pairs(usable, specs))).items())
    outside = frozenset({NONE, *(intent.name for intent in usable if intent.risk == "none")})
    folder = {"folder": encoder_dir} if encoder_dir else {}
    classifier = Classifier(learned, cache_dir, outside=outside, **folder)
    kept = [BUILT, *([cache_dir] if cache_dir else [])]
    return Parts(
        intents={intent.name: intent for intent in usable},
        specs=specs,
        by_playbook=by_playbook,
        formats=Formats([intent for intent in usable if intent.playbook], specs),
        classifier=classifier,
        vocabulary=words,
        own_words=_own_words(usable),
        spelling=Spelling(_commands(usable), words),
        telling=Telling(by_playbook, specs),
        books=phrasebook.load(),
        handbook=Handbook(classifier.sentences, kept),
        aspects=Aspects(classifier.sentences, kept),
        language=language,
    )


NOTHING = Intent.model_construct(
    name="none",
    title="",
    playbook="",
    risk="none",
    refuse="That is not something I can do.",
    slots={},
    formats=(),
    examples=(),
    must_not={},
    help="",
)


def _commands(intents: list[Intent]) -> set[str]:
    """The words in which commands are given, without the slots."""
    return {
        word
        for intent in intents
        for text in (*intent.formats, *intent.aliases)
        for word in re.findall(r"(?<![{\w])[a-z]+(?![}\w])", text)
    }


def _own_words(intents: list[Intent]) -> frozenset[str]:
    said = [text for intent in intents if intent.risk != "none" for text in (*intent.examples, *intent.formats)]
    return frozenset(re.findall(r"(?<![{\w])[a-z]+(?![}\w])", " ".join(said).lower()))


def _check_slots(intents: list[Intent], specs: dict[str, PlaybookSpec]) -> None:
    for intent in intents:
        if not intent.playbook:
            continue
        spec = specs[intent.playbook]
        strange = set(intent.slots) - {slot.name for slot in spec.slots}
        if strange:
            raise ValueError(
                f"intent {intent.name}: slots {sorted(strange)} are not inputs of the playbook {spec.name}"
            )
        if intent.risk != spec.risk:
            raise ValueError(f"intent {intent.name} says risk {intent.risk}, the playbook {spec.name} says {spec.risk}")
