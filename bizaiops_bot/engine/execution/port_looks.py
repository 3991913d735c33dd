"""A look at a port as data: it can be made again without the run that waits for it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from inspect import signature
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.builds import BuildRef
from bizaiops_bot.domain.values import Value
from bizaiops_bot.engine.execution.base import result_type

LOOK_TIMEOUT_S = 60.0
"""An outside that has not answered by then is away."""
_MOMENT = re.compile(rb'"read_at":"[^"]*"')
"""When something was read is not part of what was seen."""


class PortLook(Value):
    """`args` are JSON; they are read back by the method's own annotations."""

    port: str
    method: str
    args: tuple[Any, ...]

    async def sight(self, ports: Ports) -> str:
        """What is seen now. Raises what the port raises, LookupError when there is no such method any more."""
        try:
            do = getattr(getattr(ports, self.port), self.method)
            args = [adapter.validate_python(arg) for adapter, arg in zip(_adapters(do), self.args, strict=True)]
        except (AttributeError, ValueError, ValidationError) as exc:
            raise LookupError(f"{self.port}.{self.method} cannot be asked so any more") from exc
        return sight(_result(do).dump_json(await do(*args)))


def build_of(look: str) -> BuildRef | None:
    """The build that a run waits for; None when it waits for something else. look: as JSON."""
    found = PortLook.model_validate_json(look) if look else None
    if found is None or (found.port, found.method) != ("pipelines", "state"):
        return None
    return BuildRef.model_validate(found.args[0])


def port_look(ports: Ports, do: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> PortLook | None:
    """The look as data; None for what is no method of a port."""
    owner = getattr(do, "__self__", None)
    port = next(
        (name for name in Ports.__annotations__ if owner is not None and getattr(ports, name, None) is owner), ""
    )
    return PortLook(port=port, method=do.__name__, args=tuple(map(to_jsonable_python, args))) if port else None


def sight(raw: bytes) -> str:
    """JSON of a result without the moment that it was read: to be compared, not to be read."""
    return _MOMENT.sub(b"", raw).decode()


def _result(do: Callable[..., Any]) -> TypeAdapter[Any]:
    return _result_of(getattr(do, "__func__", do))


@lru_cache(maxsize=256)
def _result_of(function: Callable[..., Any]) -> TypeAdapter[Any]:
    return result_type(function)


def _adapters(do: Callable[..., Any]) -> tuple[TypeAdapter[Any], ...]:
    return _adapters_of(getattr(do, "__func__", do))


@lru_cache(maxsize=256)
def _adapters_of(function: Callable[..., Any]) -> tuple[TypeAdapter[Any], ...]:
    """Of the arguments by place, without self."""
    hints, names = get_type_hints(function), list(signature(function).parameters)[1:]
    return tuple(TypeAdapter(hints.get(name, Any)) for name in names)
