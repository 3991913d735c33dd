"""What is shown of a section: the part that answers, and what follows it while there is room."""

from __future__ import annotations

import re

LENGTH = 700
"""Characters that a card shows of a passage; the link leads to the rest."""
_SENTENCE = re.compile(r"(?<=[.:;?])\s")


def shown(parts: tuple[str, ...], first: int, length: int = LENGTH) -> str:
    """Paragraphs, from `first` on (-1: the beginning), cut between sentences."""
    kept: list[str] = []
    room = length
    for part in parts[max(first, 0) :]:
        if len(part) > room:
            if not kept:
                kept.append(_fitting(part, room))
            break
        kept.append(part)
        room -= len(part)
    return "\n\n".join(kept)


def _fitting(part: str, room: int) -> str:
    sentences, text = _SENTENCE.split(part), ""
    for sentence in sentences:
        if len(text) + len(sentence) >= room:
            break
        text = f"{text} {sentence}".strip()
    return f"{text or part[:room].rstrip()} …"
