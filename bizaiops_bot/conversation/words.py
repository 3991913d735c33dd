"""What may come in as words: bounds that protect everyone, told clearly."""

from __future__ import annotations

import re

from bizaiops_bot.domain.errors import BadInput

MAX_TEXT = 16_000
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_THREAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:#@-]{0,199}")
_CONVERSATION = re.compile(r"[A-Za-z0-9#@][A-Za-z0-9_.:#@-]{0,79}")


def check_text(text: str) -> str:
    """The text as it is kept: no control or direction-changing characters, at most 16,000 characters.

    Raises BadInput for an empty or a longer one.
    """
    clean = "".join(c for c in text if _readable(c)).strip()
    if not clean:
        raise BadInput("That message is empty.", do="Say for example: what models do we have?")
    if len(clean) > MAX_TEXT:
        raise BadInput(
            f"That message has {len(clean):,} characters.", f"At most {MAX_TEXT:,} are read.", "Say it in one sentence."
        )
    return clean


def _readable(char: str) -> bool:
    if char in "\n\t":
        return True
    code = ord(char)
    return code >= 0x20 and not 0x7F <= code <= 0x9F and not 0xD800 <= code <= 0xDFFF and char not in _BIDI


def check_conversation(name: str) -> str:
    """Raises BadInput for a name that is not letters, digits and _ . : # @ -, at most 80."""
    if not _CONVERSATION.fullmatch(name):
        raise BadInput(f"{name[:80]!r} is not a conversation.", do="Use letters, digits and _ . : # @ -, at most 80.")
    return name


def check_thread(name: str) -> str:
    """Raises BadInput for what cannot be the id of a message or card. None begins with @: those are people's own."""
    if not _THREAD.fullmatch(name):
        raise BadInput(f"{name[:80]!r} is not a thread.", do="Give the id of a message or card, or none.")
    return name
