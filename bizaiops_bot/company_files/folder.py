"""company.yaml: the settings that a company keeps in a file, and what else may lie beside it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.rule_files import Place
from bizaiops_bot.domain.yaml_files import Document, Unusable, forms_at, near, read_document

FILE = "company.yaml"
KINDS: dict[str, tuple[str, ...]] = {
    "environments": ("*.yaml",),
    "models": ("*.yaml",),
    "kpis": ("*.yaml",),
    "policy": ("*.cedar", "freeze_windows.yaml", "budgets.yaml"),
    "rules": ("*.yaml",),
}
"""Folder -> the files it may hold."""
FREE = (".*", "README*", "*.md")
"""For people and for git."""
_SECRET_ENDS = ("_key", "token", "secret", "password")


@dataclass(frozen=True)
class CompanyFile:
    """company.yaml. `values` are ready to be settings: secrets fetched, paths meant from the folder. mistakes: secrets
    that stand in the file or are not where it says, and files beside it that have no meaning.
    """

    folder: Path
    document: Document
    values: dict[str, Any]
    mistakes: list[str]


def read_company(folder: Path, form: Any, variable: Callable[[Place], str], env: Mapping[str, str]) -> CompanyFile:
    """form: the type of all settings. variable: the name of the one that sets a place. env: where secrets may be.

    Raises BadInput for a folder without one, and Unusable for a file that is no list of settings.
    """
    if not (folder / FILE).is_file():
        raise BadInput(f"There is no {FILE} in {str(folder)!r}.", do=f"Write one: bizaiops company init {folder}")
    document = read_document(folder / FILE) or Document(FILE, {}, {(): 1})
    mistakes = list(strange_files(folder))
    if not isinstance(document.data, dict):
        raise Unusable(FILE, [*mistakes, document.mistake((), "settings are written as `name: value`")])
    # A name that begins with an underscore would steer how settings are read.
    odd = [name for name in document.data if not isinstance(name, str) or name.startswith("_")]
    mistakes += [document.mistake((str(name),), "there is no such field") for name in odd]
    values = {name: copy.deepcopy(value) for name, value in document.data.items() if name not in odd}
    for place in document.lines:
        value = _at(values, place)
        try:
            if _is_secret(form, place) and value is not None:
                _put(values, place, _secret(folder, value, env))
            elif isinstance(value, str) and Path in forms_at(form, place):
                _put(values, place, folder / Path(value).expanduser())
        except ValueError as exc:
            mistakes.append(document.mistake(place, str(exc).replace("VARIABLE", variable(place))))
            _drop(values, place)
    return CompanyFile(folder, document, values, mistakes)


def strange_files(folder: Path) -> Iterator[str]:
    """What lies in the folder and is read by nobody: most likely a name with a slip in it."""
    for path in sorted(folder.iterdir()):
        if any(path.match(free) for free in FREE) or path.name == FILE:
            continue
        if path.name not in KINDS or not path.is_dir():
            yield f"{path.name}: nothing reads this{near(path.name, (FILE, *KINDS))}"
            continue
        for inner in sorted(path.iterdir()):
            if not any(inner.match(kind) for kind in (*FREE, *KINDS[path.name])):
                known = ", ".join(KINDS[path.name])
                yield f"{path.name}/{inner.name}: nothing reads this; {path.name} may hold {known}"


def _is_secret(form: Any, place: Place) -> bool:
    """By its type; a name that sounds like one is not trusted either."""
    named = bool(place) and isinstance(place[-1], str) and place[-1].endswith(_SECRET_ENDS)
    return SecretStr in forms_at(form, place) or named


def _secret(folder: Path, value: Any, env: Mapping[str, str]) -> str:
    """Raises ValueError in words that never hold the value."""
    if not isinstance(value, dict) or len(value) != 1 or not {*value} <= {"env", "file"}:
        raise ValueError(
            "a secret never stands in a file: give it by a variable or a file, as VARIABLE, {env: NAME} or {file: PATH}"
        )
    ((kind, where),) = value.items()
    if kind == "env":
        if not env.get(str(where)):
            raise ValueError(f"the variable {where} is not set")
        return env[str(where)]
    try:
        return (folder / Path(str(where)).expanduser()).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ValueError(f"the file {where} cannot be read: {type(exc).__name__}") from exc


def _at(values: Any, place: Place) -> Any:
    """None below what was replaced already: a secret's own reference has no places of its own."""
    for part in place:
        if isinstance(values, dict):
            values = values.get(part)
        elif isinstance(values, list) and isinstance(part, int):
            values = values[part]
        else:
            return None
    return values


def _put(values: Any, place: Place, value: Any) -> None:
    _at(values, place[:-1])[place[-1]] = value


def _drop(values: Any, place: Place) -> None:
    del _at(values, place[:-1])[place[-1]]
