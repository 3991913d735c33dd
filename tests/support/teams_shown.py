"""What Teams would act on in a card: links, pictures, mentions, Markdown of others."""

from __future__ import annotations

import re
from typing import Any

from tests.support.adaptive_schema import nodes, shown_text

LIVE = re.compile(
    r"\]\(|\]:|<(?=/?[a-z!@#?])|(?<!\w)(https?|ftp|mailto|javascript)://|mailto:\w|www\.\w|\w@\w|{{", re.I
)
"""In a text that is read as Markdown or by a notification."""
_MARKDOWN = re.compile(r"[*_`\[\]<>#~|\\]|://|www\.")
_AT = re.compile("<at", re.I)


def live(drawn: dict[str, Any], *notified: str) -> list[str]:
    """Everything of a drawn card, and of the texts of its notification, that would come alive."""
    kinds = {str(node.get("type")) for node in nodes(drawn)}
    found = sorted(kinds & {"Action.OpenUrl", "Image", "Media", "FactSet"})
    found += [f"{key} of a {n['type']}" for n in nodes(drawn) for key in ("selectAction", "entities") if key in n]
    found += [node["text"] for node in nodes(drawn, "TextBlock") if _MARKDOWN.search(node["text"])]
    shown = shown_text(drawn)
    found += [shown] if "{{" in shown or _AT.search(shown) else []
    return found + [text for text in (*notified, drawn["fallbackText"]) if LIVE.search(text)]
