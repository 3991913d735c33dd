"""Where runs, approvals, conversations and the audit are kept: which database, and how it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from bizaiops_bot.engine.store.signals import PostgresSignals, Signals
from bizaiops_bot.engine.store.store import Store

SQLITE_FILE = "bizaiops.sqlite"


class SqliteSettings(BaseModel):
    """One file in the data folder, for one process; nothing has to be set up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sqlite"] = Field(default="sqlite", description="sqlite: one WAL file in the data folder.")

    def open(self, data: Path, signals: Signals | None = None) -> Store:
        """Raises Permanent when the folder cannot be used. Signals are not needed: one process knows its own news."""
        return Store.sqlite(data / SQLITE_FILE)

    def place(self, data: Path) -> str:
        """For people."""
        return str(data / SQLITE_FILE)

    def exists(self, data: Path) -> bool:
        """Whether a bot has kept anything here."""
        return (data / SQLITE_FILE).exists()


class PostgresSettings(BaseModel):
    """A PostgreSQL database, for any number of workers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["postgres"] = Field(description="postgres: a PostgreSQL database that all workers reach.")
    url: SecretStr = Field(description="postgresql://user:password@host:port/database, PostgreSQL 13 or newer.")

    @field_validator("url")
    @classmethod
    def _is_postgres(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("an address begins with postgresql://")
        try:
            sa.make_url(url.get_secret_value())
        except (sa.exc.ArgumentError, ValueError):  # its words may hold the password
            raise ValueError("it is no address such as postgresql://user:password@host:5432/database") from None
        return url

    def open(self, data: Path, signals: Signals | None = None) -> Store:
        """Raises Permanent when the database cannot be reached or used. signals: None takes LISTEN and NOTIFY."""
        url = self._plain()
        return Store.postgres(url, signals or PostgresSignals(url))

    def place(self, data: Path) -> str:
        """For people, without the password."""
        return sa.make_url(self._plain()).render_as_string(hide_password=True)

    def exists(self, data: Path) -> bool:
        """Known only when it is opened."""
        return True

    def _plain(self) -> str:
        return self.url.get_secret_value().replace("postgres://", "postgresql://", 1)
