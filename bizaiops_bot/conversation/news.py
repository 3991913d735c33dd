"""What is new in a conversation, page by page."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.domain.posts import PostedCard, PostedMessage
from bizaiops_bot.engine.posting import outbox

NEWS_PAGE = 200


def news(
    conn: sa.Connection, conversation: str | None, after: int, page: int = NEWS_PAGE
) -> list[PostedCard | PostedMessage]:
    """The next entries in order; a full page of one kind ends where its last entry stands, so that none is skipped."""
    said = outbox.read_messages(conn, conversation, after, page)
    shown = outbox.read_cards(conn, conversation, after, page)
    ends = [found[-1].seq for found in (said, shown) if len(found) == page]
    end = min(ends, default=None)
    both: list[PostedCard | PostedMessage] = [*said, *shown]
    found = sorted(both, key=lambda item: item.seq)
    return found if end is None else [item for item in found if item.seq <= end]
