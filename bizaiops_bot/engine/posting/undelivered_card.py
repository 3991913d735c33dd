"""The card that tells people at home of what a chat platform refuses."""

from __future__ import annotations

from bizaiops_bot.domain.cards import Card, Context, Text


def undelivered_card(conversation: str, count: int, card: str, why: str) -> Card:
    """count: cards refused in this conversation; card, why: the last one's id, and what the platform said."""
    cards = "A card" if count <= 1 else f"{count} cards"
    return Card(
        title=f"{cards} could not be delivered to {conversation}",
        tone="danger",
        answer="failed",
        blocks=(
            Text(text=f"The last one is {card}. {why}"),
            Context(text="It is not tried again as it is. When it changes, the new version is sent."),
        ),
    )
