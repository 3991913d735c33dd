"""What all tests share: real servers for those that ask, and their end."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support import ends, servers, stores


@pytest.fixture(scope="session", autouse=True)
def _clean_session() -> Iterator[None]:
    """The variable that chooses the store is for the tests alone; servers end with the session."""
    os.environ.pop(stores.VARIABLE, None)
    yield
    servers.end_servers()


@pytest.fixture(autouse=True)
def _what_was_opened_ends() -> Iterator[None]:
    yield
    ends.end()


@pytest.fixture(scope="session")
def postgres() -> servers.PostgresServer:
    """A real PostgreSQL; a test that stops it starts it again."""
    return servers.postgres()


@pytest.fixture(scope="session")
def redis() -> servers.RedisServer:
    """A real redis-server; a test that stops it starts it again."""
    return servers.redis()


@pytest.fixture
def database(postgres: servers.PostgresServer) -> Iterator[str]:
    """URL of an empty PostgreSQL database of the test's own."""
    url = postgres.fresh_database()
    yield url
    postgres.drop_database(url)
