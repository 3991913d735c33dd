"""What people say about the bot's answers: good, bad, and what they had meant. Kept as examples for review."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bizaiops_bot.domain.values import Value

Verdict = Literal["good", "bad", "none"]
"""A person's vote on a card; "none" takes it back."""
Source = Literal["choice", "meant", "rejected", "corrected", "cancelled", "good", "bad"]
"""choice: one of "Did you mean…". meant: "no, I meant X". rejected: none of what was offered. corrected: the request
was right, a value was not. cancelled: what was begun was cancelled at once. good, bad: a vote.
"""
State = Literal["open", "accepted", "dropped"]
ELSE = "something else"


class Meant(Value):
    """A request that may have been meant; the playbook `ELSE` is none of them."""

    playbook: str
    label: str


class FeedbackAnswer(Value):
    """What the person who judged a card is told; `meant` are requests to choose from, after a bad one."""

    accepted: bool
    message: str
    verdict: Verdict = "none"
    meant: tuple[Meant, ...] = ()


class Decided(Value):
    """How a message was understood, as the audit has it.

    kind: "request", "question", "refusal", or "" when it came to none of them. heard: what the router noted.
    """

    kind: str = ""
    playbook: str = ""
    inputs: dict[str, Any] = Field(default_factory=dict)
    told: str = ""
    offered: tuple[str, ...] = ()
    heard: dict[str, Any] = Field(default_factory=dict)

    @property
    def guess(self) -> str:
        """The request it was taken for, or that was likeliest; "" for none."""
        guesses = self.heard.get("guesses") or {}  # the audit keeps them by name, not by how likely they are
        likeliest = max(guesses, key=lambda name: float(guesses[name]), default="")
        return self.playbook or next(iter(self.offered), "") or str(likeliest)


class Example(Value):
    """One sentence with what a person said about how it was understood.

    shape: the words with values marked as `{kind:value}`, in lower case. label: the playbook that was meant, "none" for
    nothing the bot does, "" when nobody said. who: the person's id, or a pseudonym that means nobody any more.
    settled: what a reviewer made of it.
    """

    id: int = 0
    at: datetime
    message: str
    who: str
    source: Source
    text: str
    shape: str
    decided: Decided
    label: str = ""
    state: State = "open"
    settled: str = ""


_END = r"[\s.!\ufe0f]*$"
_GOOD = re.compile(
    r"^(?:\U0001f44d[\U0001f3fb-\U0001f3ff]?|:\+1:|:thumbs_?up:|\+1|thumbs up|"
    r"(?:that|this|it) (?:was|is) (?:right|correct|good|helpful|what i (?:meant|wanted))|"
    rf"that'?s (?:right|correct|helpful|what i (?:meant|wanted))|(?:good|right|correct) answer){_END}"
)
_BAD = re.compile(
    r"^(?:\U0001f44e[\U0001f3fb-\U0001f3ff]?|:-1:|:thumbs_?down:|-1|thumbs down|"
    r"(?:no,? )?(?:(?:that|this|it) (?:was|is)|that'?s|this'?s) "
    r"(?:wrong|incorrect|not (?:right|correct|it|helpful|what i (?:meant|wanted|asked|said))(?: for)?)|"
    r"(?:no,? )?not what i (?:meant|wanted|asked|said)(?: for)?|"
    r"(?:no,? )?you (?:misunderstood(?: me)?|got (?:that|it|me) wrong)|"
    rf"(?:bad|wrong) answer|wrong){_END}"
)
_MEANT = re.compile(r"^(?:no|nope|wrong|sorry|not that)?[\s,.!:-]*i (?:meant?|wanted|was asking for)\b")


def spoken_verdict(text: str) -> Literal["good", "bad"] | None:
    """The vote that a whole message is, such as a thumb or "that was wrong"; None for any other."""
    said = text.strip().lower()
    if _GOOD.match(said):
        return "good"
    return "bad" if _BAD.match(said) else None


def is_sign(text: str) -> bool:
    """Whether the vote has no letters, as "+1" and a thumb: those answer an open question too."""
    return not any(char.isalpha() for char in text)


def says_what_was_meant(text: str) -> bool:
    """Whether it takes back how the message before was understood: "no, I meant the KPIs"."""
    return bool(_MEANT.match(text.strip().lower()))
