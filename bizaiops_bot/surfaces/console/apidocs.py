"""OpenAPI made readable: operations by group, with parameters, body and answer. Used by /docs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A parameter or a field."""

    name: str
    type: str
    required: bool
    note: str


@dataclass(frozen=True)
class Operation:
    """One request."""

    method: str
    path: str
    summary: str
    parameters: list[Part]
    body: list[Part]
    answer: str
    fields: list[Part]
    example: str


def describe(openapi: Schema) -> dict[str, list[Operation]]:
    """Operations by tag, in the order of the API."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in openapi["paths"].items():
        for method, spec in methods.items():
            groups.setdefault(next(iter(spec.get("tags", [])), "other"), []).append(
                _operation(openapi, path, method, spec)
            )
    return groups


def _operation(openapi: Schema, path: str, method: str, spec: Schema) -> Operation:
    body = _json(spec.get("requestBody", {}))
    status, answer = next(
        ((code, found) for code, found in spec["responses"].items() if code.startswith("2")), ("200", {})
    )
    shape = _json(answer)
    fields = _fields(openapi, shape.get("items", shape))
    return Operation(
        method=method.upper(),
        path=path,
        summary=spec.get("description") or spec.get("summary", ""),
        parameters=[
            Part(p["name"], _type(p["schema"]), p.get("required", False), p.get("description", ""))
            for p in spec.get("parameters", [])
        ],
        body=_fields(openapi, body),
        answer=f"{status} {_type(shape)}".strip(),
        fields=fields,
        example=_curl(method, path, _fields(openapi, body)),
    )


def _json(part: Schema) -> Schema:
    found: Schema = part.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _resolve(openapi: Schema, schema: Schema) -> Schema:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    found: Schema = openapi.get("components", {}).get("schemas", {}).get(name, schema)
    return found


def _fields(openapi: Schema, schema: Schema) -> list[Part]:
    whole = _resolve(openapi, schema)
    required = set(whole.get("required", []))
    return [
        Part(name, _type(field), name in required, field.get("description", ""))
        for name, field in whole.get("properties", {}).items()
    ]


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema or "oneOf" in schema:
        return " | ".join(_type(option) for option in [*schema.get("anyOf", []), *schema.get("oneOf", [])])
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    return str(schema.get("format") or schema.get("type") or "")


def _curl(method: str, path: str, body: list[Part]) -> str:
    """A call to try, with the demo's names filled in."""
    samples = {"id": "ml-ops", "name": "churn", "number": "1", "kpi_id": "churn_rate"}
    for name, value in samples.items():
        path = path.replace("{" + name + "}", value)
    if method == "get":
        return f"curl -s http://127.0.0.1:8642{path}"
    words = {"actor": "engineer", "text": "status churn", "model": "churn", "fault": "latency"}
    data = {part.name: words.get(part.name, "…") for part in body if part.required or part.name == "actor"}
    payload = f" -H 'content-type: application/json' -d '{json.dumps(data)}'" if data else ""
    return f"curl -s -X {method.upper()} http://127.0.0.1:8642{path}{payload}"
