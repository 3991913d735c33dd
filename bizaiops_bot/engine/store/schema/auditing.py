"""The audit: its chain, its signed heads, and the names that persons have in it."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.engine.store.schema.base import metadata, text

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    text("at", nullable=False),
    text("actor", nullable=False),
    text("kind", nullable=False),
    text("subject", nullable=False, index=True),
    text("detail", nullable=False),
    text("prev_hash", nullable=False),
    text("hash", nullable=False),
)

pseudonyms = sa.Table(
    "pseudonyms", metadata, text("pseudonym", primary_key=True), text("person", nullable=False, unique=True)
)

audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    text("hash", nullable=False),
    text("at", nullable=False),
    text("key", nullable=False),
    text("signature", nullable=False),
)
