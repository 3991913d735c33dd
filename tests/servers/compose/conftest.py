"""One Docker engine for the session, with images or what stands in for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.servers.compose.docker import Docker
from tests.servers.compose.project import Person
from tests.servers.kept import CannotBuild, missing


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    try:
        engine = Docker(tmp_path_factory.mktemp("docker"))
    except CannotBuild as why:
        missing("Docker", why)
        raise
    try:
        made = engine.stand_ins()
        sys.stderr.write(f"\nStand-ins, not the official images: {', '.join(made) or 'none'}\n")
        yield engine
    except CannotBuild as why:
        missing("The containers", why)
    finally:
        engine.end()


@pytest.fixture
def people() -> Iterator[Callable[[str, str], Person]]:
    """Signs people in at a site by their token."""
    with ExitStack() as stack:
        yield lambda site, token: stack.enter_context(closing(Person(site, token)))
