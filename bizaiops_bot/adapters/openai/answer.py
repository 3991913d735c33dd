"""What comes back of one call, and what it cost. Imports no library of a vendor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

_CHARS_A_TOKEN = 4
_MOST_TOKENS = 10_000_000
"""More than any call can use up; a count beyond it would not fit into the book either, and close it for good."""

Messages = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back: an object or what is wrong with it, the raw text for a repair, and what it cost."""

    parsed: Any
    problem: str
    raw: str
    tokens_in: int
    tokens_out: int
    estimated: bool


def counted(answer: AIMessage) -> tuple[int, int] | None:
    """Tokens in and out as the server tells them; None when it does not, or tells what cannot be."""
    use = answer.usage_metadata
    if use is None or not (0 < use["input_tokens"] <= _MOST_TOKENS and 0 <= use["output_tokens"] <= _MOST_TOKENS):
        return None
    return use["input_tokens"], use["output_tokens"]


def estimate(*texts: str) -> int:
    """Tokens of a text when the server does not tell: about one for four characters."""
    return sum(len(text) for text in texts) // _CHARS_A_TOKEN + 1
