"""Ports that can be named and never called: what a replayed playbook passes to `run.read` and `run.step`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any, NoReturn, cast, get_type_hints

from bizaiops_bot.bot_api.reach import Ports

Refuse = Callable[[str], NoReturn]


def recorded_ports(refuse: Refuse) -> Ports:
    """Every port with the methods and result types it promises; a call ends in `refuse("run.serving.promote")`."""
    made = {name: _Recorded(name, _protocol(hint), refuse) for name, hint in get_type_hints(Ports).items()}
    return cast(Ports, SimpleNamespace(**made))


def _protocol(hint: Any) -> type:
    kinds = [kind for kind in (hint, *getattr(hint, "__args__", ())) if inspect.isclass(kind)]
    return next(kind for kind in kinds if kind is not type(None))


class _Recorded:
    """One port."""

    def __init__(self, name: str, protocol: type, refuse: Refuse) -> None:
        self._name, self._protocol, self._refuse = name, protocol, refuse

    def __getattr__(self, method: str) -> Any:
        promised = inspect.getattr_static(self._protocol, method, None)
        if method.startswith("_") or promised is None:
            raise AttributeError(f"the port {self._name} has no {method!r}")
        refuse, called = self._refuse, f"run.{self._name}.{method}"
        if not inspect.iscoroutinefunction(promised):

            @wraps(promised)
            def now(*_args: Any, **_kwargs: Any) -> NoReturn:
                refuse(called)

            return now

        @wraps(promised)
        async def later(*_args: Any, **_kwargs: Any) -> NoReturn:
            refuse(called)

        return later
