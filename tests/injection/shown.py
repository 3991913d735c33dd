"""What people get to see of a card, on every surface that there is, and whether anything in it is alive."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from html import unescape
from html.parser import HTMLParser

from bizaiops_bot.conversation.cards import question_card, refusal_card
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.routing import Command, Decision, Question
from bizaiops_bot.engine.audit.redaction import REDACTED, redact
from bizaiops_bot.surfaces.render import adaptive, blockkit
from bizaiops_bot.surfaces.render.html import card_blocks, safe
from bizaiops_bot.surfaces.render.text import plain_text
from tests.support import slack_shown, teams_shown
from tests.support.random_cards import posted

TAGS = frozenset(
    re.findall(
        r"\S+",
        "p strong em code br dl dt dd div table caption thead tbody tr th td span ol li details summary del ins svg g path "
        "line rect text title circle polyline desc figure figcaption",
    )
)
LIVE = frozenset({"href", "src", "srcset", "action", "formaction", "xlink:href", "style", "data", "background"})
OWN_PAGE = re.compile(r"/handbook/[a-z0-9/_-]+(?:#[\w-]*)?")
"""Where a card may lead: the console's own pages, whatever its words say."""
JOINERS = frozenset("\u200c\u200d")


def of(decision: Decision) -> Card | None:
    """The card that answers a decision by itself; a command is answered by its playbook."""
    if isinstance(decision, Command):
        return None
    return question_card(decision) if isinstance(decision, Question) else refusal_card(decision)


def alive(card: Card) -> list[str]:
    """Everything in the drawn card that could be clicked, notify, run, hide or give away a secret; empty when none."""
    return list(_alive(card.model_dump_json()))


@cache
def _alive(body: str) -> tuple[str, ...]:
    card = Card.model_validate_json(body)
    page = str(card_blocks(card)) + str(safe(card.title)) + "".join(str(safe(b.label)) for b in card.buttons)
    found = _Page.problems_of(page) + _in_chats(card)
    for text in (plain_text(card), page):
        found += [f"invisible {c!a}" for c in sorted(set(text)) if _invisible(c)]
        plain = unescape(text).replace(REDACTED, "")
        found += ["a secret"] if redact(plain) != plain else []
    return tuple(found)


def _in_chats(card: Card) -> list[str]:
    """What Slack or Teams would turn into a mention, a link or markup of others."""
    seen = posted(card)
    message = blockkit.render(seen)
    slack = slack_shown.live(slack_shown.shown([message.text, *message.blocks]))
    teams = teams_shown.live(adaptive.render(seen), adaptive.fallback_text(seen))
    return [f"in Slack: {text}" for text in slack] + [f"in Teams: {text}" for text in teams]


def _invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs"} and char not in {"\n", "\t", *JOINERS}


class _Page(HTMLParser):
    """Finds tags and attributes that our own drawing never makes from a text."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    @classmethod
    def problems_of(cls, page: str) -> list[str]:
        parser = cls()
        parser.feed(page)
        parser.close()
        return parser.problems

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = tag == "a" and [name for name, _ in attrs] == ["href"] and OWN_PAGE.fullmatch(attrs[0][1] or "")
        if own:
            return
        if tag not in TAGS:
            self.problems.append(f"<{tag}>")
        self.problems += [f"{tag} {name}" for name, _ in attrs if name in LIVE or re.match(r"on\w", name)]
