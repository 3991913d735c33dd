"""What policies can ask about: the schema file, and an action for each playbook with its inputs."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import cedarpy

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.playbook import Playbook

FILE = "bizaiops.cedarschema"
SAFETY = "safety"
"""The action group of the playbooks that make things safe again."""
_REQUEST = re.compile(r"^type Request = \{\n(.*?)\n\};", re.DOTALL | re.MULTILINE)
_LONG = 2**63 - 1


def read_schema(folder: Path, playbooks: Iterable[Playbook]) -> Any:
    """The schema of the folder with an action for every playbook: member of its risk, and `context.inputs` typed.

    Each input is optional in the schema, so that a policy has to say `context.inputs has canary` before it compares.
    Raises Permanent with the parser's words when the file is missing or is no schema.
    """
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
        # What the parser prints is in one form whatever the file looks like: its `type Request` is read from that.
        request = _REQUEST.search(str(cedarpy.Schema.from_str(text)))
        if request is None:
            raise ValueError("it has no `type Request = {...}`, the context of every request")
        actions = [_action(playbook, request[1]) for playbook in playbooks]
        return cedarpy.Schema.from_str("\n".join([text, *actions]))
    except (OSError, ValueError) as exc:
        raise Permanent(f"The schema of policy cannot be used: {FILE}: {exc}.", do="Put it right.") from exc


def plain(inputs: Mapping[str, Any], kinds: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Inputs as Cedar can hold them: whole numbers, booleans and text; all else as its JSON text, None left out.

    kinds: name -> "Long", "Bool" or "String" as the schema has it; without them the value tells.
    """
    found: dict[str, Any] = {}
    for name, value in inputs.items():
        if value is None:
            continue
        if isinstance(value, str):
            found[name] = value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text for Cedar
        elif isinstance(value, bool | int) and (kinds or {}).get(name) != "String":
            found[name] = value if isinstance(value, bool) else max(-_LONG, min(value, _LONG))
        else:
            found[name] = json.dumps(value, default=str)
    return found


def kinds_of(playbook: Playbook) -> dict[str, str]:
    """Input -> its type in Cedar."""
    return {name: _kind(field.annotation) for name, field in playbook.inputs.model_fields.items()}


def _action(playbook: Playbook, request: str) -> str:
    inputs = ", ".join(f'"{name}"?: {kind}' for name, kind in kinds_of(playbook).items())
    context = f"{{ {request.rstrip().rstrip(',')}, inputs: {{ {inputs} }} }}"
    groups = f'"{playbook.risk}", "{SAFETY}"' if playbook.safety else f'"{playbook.risk}"'
    return (
        f'action "{playbook.name}" in [{groups}] appliesTo {{ principal: Actor, resource: Model, context: {context} }};'
    )


def _kind(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        inner = {_kind(arg) for arg in get_args(annotation) if arg is not type(None)}
        return inner.pop() if len(inner) == 1 else "String"
    if origin is Literal:
        inner = {_kind(type(arg)) for arg in get_args(annotation)}
        return inner.pop() if len(inner) == 1 else "String"
    return {bool: "Bool", int: "Long"}.get(annotation, "String")
