"""JSON schemas that OpenAI's strict mode and grammar-making servers take alike."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_UNTAKEN = frozenset(
    {
        *("title", "default", "discriminator", "pattern", "format", "minimum", "maximum", "exclusiveMinimum"),
        *("exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "multipleOf"),
    }
)


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of `model` with every field required, nothing else allowed, and no limits: Pydantic checks those
    afterwards.
    """
    schema = _strict(model.model_json_schema())
    return {"title": model.__name__, "description": (model.__doc__ or model.__name__).strip(), **schema}


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key not in _UNTAKEN}
    for named in ("properties", "$defs"):
        if isinstance(node.get(named), dict):
            kept[named] = {name: _strict(value) for name, value in node[named].items()}
    out = {key: value if key in {"properties", "$defs"} else _strict(value) for key, value in kept.items()}
    if "oneOf" in out:
        out["anyOf"] = out.pop("oneOf")
    if "const" in out:
        out["enum"] = [out.pop("const")]
    if "properties" in out:
        out |= {"additionalProperties": False, "required": list(out["properties"])}
    return out
