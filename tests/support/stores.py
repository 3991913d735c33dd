"""The store under test: SQLite, or PostgreSQL with BIZAIOPS_TEST_STORE=postgres. Nothing else reads that variable."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from bizaiops_bot.engine.store.store import Store
from tests.support import servers

VARIABLE = "BIZAIOPS_TEST_STORE"
KIND = os.environ.get(VARIABLE, "sqlite")
if KIND not in ("sqlite", "postgres"):
    raise ValueError(f"{VARIABLE} is {KIND!r}; sqlite and postgres exist")


def open_store(folder: Path) -> Store:
    """A store whose data belong to the folder: opened again with the same folder, it has what it had."""
    if KIND == "sqlite":
        return Store.sqlite(folder / "bizaiops.sqlite")
    return Store.postgres(database_of(folder))


def store_settings(folder: Path) -> dict[str, Any]:
    """The setting `store` of a bot whose data folder this is."""
    return {"kind": "sqlite"} if KIND == "sqlite" else {"kind": "postgres", "url": database_of(folder)}


def database_of(folder: Path) -> str:
    """URL of the folder's database, which is made when it has none. Databases end with the session's server."""
    server, name = servers.postgres(), _name(folder)
    return server.url(name) if server.has_database(name) else server.fresh_database(name)


def copy_company(source: Path, target: Path) -> None:
    """A stopped bot's data folder and database again, for another bot."""
    shutil.copytree(source, target)
    if KIND == "postgres":
        servers.postgres().copy_database(database_of(source), _name(target))


def drop_company(folder: Path) -> None:
    """Takes the folder's database away; the folder itself is pytest's."""
    if KIND == "postgres":
        server = servers.postgres()
        server.drop_database(server.url(_name(folder)))


def _name(folder: Path) -> str:
    return f"d{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]}"
