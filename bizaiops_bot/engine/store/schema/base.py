"""What all tables share. Times are ISO-8601 UTC text, values JSON text."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

metadata = sa.MetaData()


def text(name: str, *args: object, **kwargs: object) -> sa.Column[str]:
    """A column of text."""
    return sa.Column(name, sa.Text, *args, **kwargs)  # type: ignore[arg-type]


def iso(when: datetime) -> str:
    """One spelling with a fixed width, so that text order is time order."""
    return when.isoformat(timespec="microseconds")
