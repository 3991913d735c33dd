"""docs/reference/settings.md"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bizaiops_bot.settings import PREFIX, Person, Settings, groups
from tools.reference.markdown import code, field_notes, page, table, type_words

INTRO = """\
Every setting is an environment variable. `bizaiops demo` needs none. Parts of a port are joined by two underscores;
lists and mappings are
written as JSON. All of them may stand in [a company's file](../how-to/keep-a-company-in-files.md) too; variables go
before it. A variable that begins with `BIZAIOPS_` and is not listed here stops the start, with the nearest name
that exists. Options of
the [command line](cli.md) go before variables."""


LIMITS = {"ge": "at least", "gt": "more than", "le": "at most"}


def render() -> str:
    """The page."""
    return page("Settings", INTRO, [*_sections(), _people()])


def _sections() -> Iterator[str]:
    for name, models in groups():
        info = Settings.model_fields[name]
        if models:
            yield _group(name, models, info.description or "")
        else:
            yield _setting(f"{PREFIX}{name.upper()}", Settings, name)


def _group(name: str, models: tuple[type[BaseModel], ...], note: str) -> str:
    """One heading a setting. The kinds of a port have the setting `kind` in common."""
    several = len(models) > 1
    parts = [
        _setting(f"{PREFIX}{name.upper()}__{inner.upper()}", model, inner)
        for model in models
        for inner in model.model_fields
        if not (several and inner == "kind")
    ]
    return "\n\n".join([f"## `{name}`", note, *([_kinds(name, models)] if several else []), *parts])


def _kinds(name: str, models: tuple[type[BaseModel], ...]) -> str:
    notes = [field_notes(model).get("kind", "") for model in models]
    default = models[0].model_fields["kind"].get_default()
    return f"### `{PREFIX}{name.upper()}__KIND`\n\n{' '.join(notes)}\n\nDefault {code(str(default))}."


def _setting(variable: str, model: type[BaseModel], name: str) -> str:
    info = model.model_fields[name]
    level = "###" if "__" in variable else "##"
    default = info.get_default(call_default_factory=True)
    limits = [
        f"{words} {getattr(rule, name):g}"
        for rule in info.metadata
        for name, words in LIMITS.items()
        if hasattr(rule, name)
    ]
    kind = f"Type {code(type_words(info.annotation))}"
    facts = ", ".join([kind, *limits, f"default {code(_default(default))}"])
    note = field_notes(model).get(name, "Which adapter serves it." if name == "kind" else "")
    return f"{level} `{variable}`\n\n{note}\n\n{facts}."


def _default(value: object) -> str:
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, tuple) and value and isinstance(value[0], Person):
        return "the demo's four accounts"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _people() -> str:
    notes = field_notes(Person)
    rows = [(code(name), notes.get(name, "")) for name in Person.model_fields]
    example = '[{"id": "mara", "name": "Mara, ML lead", "roles": ["engineer", "approver"]}]'
    words = "`BIZAIOPS_PEOPLE` is a JSON list; each entry has these fields, for example"
    return f"## A person\n\n{words}\n\n```json\n{example}\n```\n\n{table(('Field', 'Meaning'), rows)}"
