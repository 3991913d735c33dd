"""What a test opened and need not close itself: files left to the garbage collector are errors in today's Python."""

from __future__ import annotations

import sys
from collections.abc import Callable

_ends: list[Callable[[], object]] = []


def at_end(call: Callable[[], object]) -> None:
    """Has `call` made when the test is over."""
    _ends.append(call)


def end() -> None:
    while _ends:
        _ends.pop()()
    _close_registries()


def _close_registries() -> None:
    """MLflow keeps an engine with an open connection for each database it ever saw: gigabytes over all tests."""
    if store := sys.modules.get("mlflow.store.model_registry.sqlalchemy_store"):
        engines = store.SqlAlchemyStore._engine_map
        while engines:
            engines.popitem()[1].dispose()
    if registries := sys.modules.get("mlflow.tracking._model_registry.utils"):
        registries._get_store_registry()._get_store_with_resolved_uri.cache_clear()
