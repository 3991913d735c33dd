"""Small YAML files that people write, read into types, with the line of every mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.rule_files import Place, node_lines

T = TypeVar("T")
Mistakes = Iterable[tuple[Place, str]]
"""Places in the file, such as (2, "name"), and what is wrong there."""


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written: what YAML would make of them depends on how they are spelt."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in its base class
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_yaml(path: Path, kind: TypeAdapter[T], empty: T, check: Callable[[T], Mistakes] = lambda _: ()) -> T:
    """The file's content; `empty` when there is no such file or nothing in it.

    check: finds what is wrong with parts that are each right. Raises BadInput with file:line for what is not YAML, a
    name written twice, a misspelt name, a bad value and what `check` finds.
    """
    if not path.exists():
        return empty
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        if node is None:
            return empty
        _refuse_twice(node, path.name)
        data = yaml.SafeLoader("").construct_document(node)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise BadInput(f"{path.name}:{line} is not YAML.", f"{exc.problem or exc.context}.") from exc
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise BadInput(f"{path.name} cannot be read.", f"{exc}.") from exc
    try:
        found = kind.validate_python(data)
    except ValidationError as exc:
        raise _unusable(node, path, [(error["loc"], error["msg"]) for error in exc.errors()]) from exc
    wrong = list(check(found))
    if wrong:
        raise _unusable(node, path, wrong)
    return found


def _unusable(node: yaml.Node, path: Path, wrong: Mistakes) -> BadInput:
    lines = dict(node_lines(node, ()))
    said = [_mistake(lines, path.name, place, words) for place, words in wrong]
    return BadInput(f"{path.name} cannot be used.", f"{'; '.join(said)}.", "Mend it and start again.")


def _refuse_twice(node: yaml.Node, source: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twice(item, source)
    elif isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, value in node.value:
            if key.value in seen:
                raise BadInput(f"{source}:{key.start_mark.line + 1}: {key.value} is written twice.")
            seen.add(key.value)
            _refuse_twice(value, source)


def _mistake(lines: dict[Place, int], source: str, path: Place, message: str) -> str:
    known = path
    while known not in lines:
        known = known[:-1]
    what = ".".join(part for part in path if isinstance(part, str))
    words = message.removeprefix("Value error, ").replace("valid tuple", "list")
    return f"{source}:{lines[known]}: {f'{what}: ' if what else ''}{words}"
