"""YAML files that people write, read into types, with the line of every mistake and the name that was meant."""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.rule_files import Place, node_lines

T = TypeVar("T")
Wrong = Iterable[tuple[Place, str]]
"""Places in the file, such as (2, "name"), and what is wrong there."""


class Unusable(BadInput):
    """A file with mistakes: each as "budgets.yaml:3: person: ..."."""

    def __init__(self, source: str, mistakes: list[str]) -> None:
        super().__init__(f"{source} cannot be used.", f"{'; '.join(mistakes)}.", "Mend it and start again.")
        self.mistakes = mistakes


@dataclass(frozen=True)
class Document:
    """What a file says, and in which line. `source` is the file as people are told of it."""

    source: str
    data: Any
    lines: dict[Place, int]

    def at(self, place: Place) -> str:
        """ "company.yaml:12", of the nearest place around one that is not written."""
        while place not in self.lines:
            place = place[:-1]
        return f"{self.source}:{self.lines[place]}"

    def mistake(self, place: Place, words: str) -> str:
        """ "company.yaml:12: notices.owners: ..."."""
        what = ".".join(part for part in place if isinstance(part, str))
        return f"{self.at(place)}: {f'{what}: ' if what else ''}{words}"

    def mistakes(self, errors: Iterable[ErrorDetails], form: Any) -> list[str]:
        """What pydantic found when it made `form` of the data."""
        places = ((error, place_of(error, self.data)) for error in errors)
        return [self.mistake(place, _words(error, form, place)) for error, place in places]


class _Loader(yaml.SafeLoader):
    """Leaves dates and times as they are written: what YAML would make of them depends on how they are spelt."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in its base class
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """22:00 is a time of day and not the number 1320."""
        if kind is yaml.ScalarNode and ":" in value and implicit[0]:
            return self.DEFAULT_SCALAR_TAG
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]


def read_document(path: Path, source: str = "") -> Document | None:
    """The file as it stands; None when there is no such file or nothing in it. source: its name, as people are told.

    Raises Unusable for what is not YAML and a name written twice.
    """
    source = source or path.name
    if not path.exists():
        return None
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        if node is None:
            return None
        if twice := list(_twice(node, source)):
            raise Unusable(source, twice)
        return Document(source, yaml.SafeLoader("").construct_document(node), dict(node_lines(node, ())))
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise Unusable(source, [f"{source}:{line} is not YAML: {exc.problem or exc.context}"]) from exc
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise Unusable(source, [f"{source} cannot be read: {exc}"]) from exc


def read_yaml(
    path: Path, form: type[T], empty: T, check: Callable[[T], Wrong] = lambda _: (), *, source: str = ""
) -> T:
    """The file's content as `form`; `empty` when there is no such file or nothing in it.

    check: finds what is wrong with parts that are each right. Raises Unusable with file:line for what is not YAML, a
    name written twice, a misspelt name, a bad value and what `check` finds.
    """
    document = read_document(path, source)
    if document is None:
        return empty
    try:
        found = TypeAdapter(form).validate_python(document.data)
    except ValidationError as exc:
        raise Unusable(document.source, document.mistakes(exc.errors(), form)) from exc
    if wrong := [document.mistake(place, words) for place, words in check(found)]:
        raise Unusable(document.source, wrong)
    return found


def place_of(error: ErrorDetails, data: Any) -> Place:
    """Where in the data it is, without the kinds of a union that pydantic names on the way."""
    found: list[str | int] = []
    last = len(error["loc"]) - 1
    for i, part in enumerate(error["loc"]):
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)
        if inside:
            data = data[part]
        if inside or i == last:
            found.append(part)
    return tuple(found)


def forms_at(form: Any, place: Place) -> list[Any]:
    """The types that a value at `place` in a `form` may have; none where nothing can be."""
    origin, args = get_origin(form), get_args(form)
    if origin is Annotated:
        return forms_at(args[0], place)
    if origin in (Union, types.UnionType):
        return [found for arg in args for found in forms_at(arg, place)]
    if not place:
        return [form]
    if is_model(form):
        fields = (info for name, info in form.model_fields.items() if place[0] in (name, info.alias))
        return [found for info in fields for found in forms_at(info.annotation, place[1:])]
    return [found for arg in args for found in forms_at(arg, place[1:])]


def is_model(form: Any) -> bool:
    """Whether it is a mapping of fields, and not a plain value or a list."""
    return isinstance(form, type) and get_origin(form) is None and issubclass(form, BaseModel)


def near(name: str, known: Iterable[str]) -> str:
    """ "; did you mean owner?", "" when nothing is near."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""


def _words(error: ErrorDetails, form: Any, place: Place) -> str:
    if error["type"] == "extra_forbidden":
        around = [found for found in forms_at(form, place[:-1]) if is_model(found)]
        names = {info.alias or name for found in around for name, info in found.model_fields.items()}
        return f"there is no such field{near(str(place[-1]), sorted(names))}"
    return error["msg"].removeprefix("Value error, ").replace("valid tuple", "list")


def _twice(node: yaml.Node, source: str) -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item, source)
    elif isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, value in node.value:
            if key.value in seen:
                yield f"{source}:{key.start_mark.line + 1}: {key.value} is written twice"
            seen.add(key.value)
            yield from _twice(value, source)
