"""Another word after one that was explained: "and champion?", "what about precision", "thanks, and the quorum?"."""

from __future__ import annotations

import re

from bizaiops_bot.router import light, utterance
from bizaiops_bot.router.hearing import Hearing

_GOES_ON = re.compile(
    r"(?:^|[,.!;] *|\b(?:ok|okay|thanks|cool|right|ah|oh|so) )(?:and|what about|how about|also|same for)\b|\?\s*$"
)
_MOST_WORDS = 4


def asked_also(hearing: Hearing) -> str:
    """The word, or the few, that the words ask for in that way; "" where they may ask for something else."""
    text = hearing.core.strip()
    if not _GOES_ON.search(text) or any(hearing.of_kind(kind) for kind in ("model", "kpi", "window", "person", "run")):
        return ""
    words = re.findall(r"[\w%'-]+", text)
    while words and light.is_light(words[0]):
        del words[0]
    while words and light.is_light(words[-1]):
        del words[-1]
    said = " ".join(words)
    return said if 0 < len(words) <= _MOST_WORDS and not utterance.begins(said) else ""
