"""docs/reference/company-files.md"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from bizaiops_bot.company_files.environments import EnvironmentFile
from bizaiops_bot.company_files.models import ModelFile
from bizaiops_bot.domain.yaml_files import is_model
from tools.reference.markdown import code, page, table

INTRO = """\
Every key of the files beside `company.yaml`, which has the [settings](settings.md) by their own names. All may be left
out. [How to keep a company in files](../how-to/keep-a-company-in-files.md) tells what they do together; KPIs, rules and
policy have pages of their own: [KPIs](kpis.md), [rules](rules.md), [policy](policy.md)."""
PARTS = (
    ("environments/NAME.yaml", EnvironmentFile, "Where models are served, and what holds there for all of them."),
    ("models/NAME.yaml", ModelFile, "One model of the company, by its name."),
)


def render() -> str:
    """The page."""
    return page("Files of a company", INTRO, [_part(*part) for part in PARTS])


def _part(name: str, form: type[Any], what: str) -> str:
    rows = [(code(key), _values(info), str(info.description or "").replace("\n", " ")) for key, info in _keys(form)]
    return f"## {code(name)}\n\n{what}\n\n{table(('Key', 'Value', 'Meaning'), rows)}"


def _keys(form: type[Any], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Each key by its whole name; of a group its keys alone."""
    for name, info in form.model_fields.items():
        inner = [kind for kind in _kinds(info.annotation) if is_model(kind)]
        if not inner:
            assert info.description, f"say what {form.__name__}.{name} means, in a sentence under it"
            yield f"{above}{name}", info
        elif get_origin(info.annotation) is dict:
            yield from _keys(inner[0], f"{above}{name}.NAME.")
        else:
            yield from _keys(inner[0], f"{above}{name}.")


def _kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _kinds(inner)


def _values(info: FieldInfo) -> str:
    """ "number", "list of text", in words."""
    kinds = [kind for kind in _kinds(info.annotation) if kind is not type(None)]
    if info.annotation is bool:
        return "true or false"
    texts = [value for kind in kinds for value in [kind] if isinstance(value, str)]
    many = any(get_origin(kind) is tuple for kind in kinds)
    if texts:
        return f"{'list of ' if many else ''}{', '.join(code(text) for text in dict.fromkeys(texts))}"
    one = "number" if float in kinds else "whole number" if int in kinds else "text"
    return f"list of {one}" if many else one
