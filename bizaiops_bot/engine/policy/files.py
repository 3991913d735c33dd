"""Policies as they stand in files: each with its id, its words and its place, and every mistake with its line."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cedarpy

from bizaiops_bot.domain.errors import Permanent

MEND = "Mend it; nothing is allowed until then. `bizaiops policy check` tells whether it is right."
# What can hide a semicolon (strings, comments), and the semicolon: Cedar ends policies with it and has no other use.
_TOKENS = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;', re.DOTALL)
_LEAD = re.compile(r"(?:\s+|//[^\n]*)*")
_ATTRIBUTE = re.compile(r'(\w+)"?\??: ')
_QUOTED = re.compile(r'(?:Action|Role)::"([^"]*)"|`(?:\w+\.)*(\w+)`')


@dataclass(frozen=True)
class Written:
    """One policy: `id` and `why` from its annotations, `source` as "bizaiops.cedar:31", `body` as Cedar's own JSON."""

    id: str
    why: str
    effect: Literal["permit", "forbid"]
    source: str
    text: str
    body: dict[str, Any]


def read_policies(folder: Path) -> list[Written]:
    """Those of all *.cedar files of the folder, in the order of names and lines.

    Raises Permanent naming file and line: no policy at all, one that is not Cedar, one without @id or @why, an id
    given twice, a template.
    """
    files = sorted(folder.glob("*.cedar"))
    if not files:
        raise Permanent(f"There is no policy in {str(folder)!r}.", do="Put at least one .cedar file there.")
    found: dict[str, Written] = {}
    for file in files:
        for line, text in _statements(_text(file)):
            policy = _read(text, f"{file.name}:{line}")
            if policy.id in found:
                raise _wrong(policy.source, f"the id {policy.id!r} is also at {found[policy.id].source}")
            found[policy.id] = policy
    if not found:
        raise Permanent(f"There is no policy in {', '.join(f.name for f in files)}.", do=MEND)
    return list(found.values())


def check_policies(policies: list[Written], schema: Any, roles: Iterable[str]) -> None:
    """Raises Permanent at the first policy that names something that does not exist, with the validator's words.

    The validator takes any name after `has`, and any id of a role: both are compared here with those there are, since
    a misspelt one would make a rule that never applies.
    """
    known = {"Role": set(roles), "attribute": set(_ATTRIBUTE.findall(str(schema)))}
    result = cedarpy.validate_policies("\n".join(policy.text for policy in policies), schema)
    first = next(iter(result.errors), None)
    if first is not None:
        policy = policies[int(first.policy_id.removeprefix("policy"))]
        more = sum(error.policy_id != first.policy_id for error in result.errors)
        also = f" {more} more mistakes are in other policies." if more else ""
        words = first.error.removeprefix(f"for policy `{first.policy_id}`, ")
        raise _wrong(policy.source, f"policy {policy.id}: {words}.{also}", _near(words, schema, known))
    for policy in policies:
        for kind, name in _names(policy.body):
            if name not in known[kind]:
                what = f'Role::"{name}"' if kind == "Role" else f"attribute `{name}`"
                words = f"there is no {what}"
                raise _wrong(policy.source, f"policy {policy.id}: {words}.", _near(words, schema, known))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise Permanent(f"The policy file {file.name} cannot be read.", f"{exc}.", MEND) from exc


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each policy's text with the line it begins in, counted from 1."""
    begin = 0
    for token in _TOKENS.finditer(text):
        if token[0] == ";":
            yield _placed(text, begin, token.end())
            begin = token.end()
    line, rest = _placed(text, begin, len(text))
    if rest:
        yield line, rest


def _placed(text: str, begin: int, end: int) -> tuple[int, str]:
    lead = _LEAD.match(text, begin)
    start = min(lead.end() if lead else begin, end)
    return text.count("\n", 0, start) + 1, text[start:end]


def _read(text: str, source: str) -> Written:
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as exc:
        raise _wrong(source, f"is not Cedar: {exc}") from exc
    bodies = list(parsed["staticPolicies"].values())
    if parsed["templates"] or len(bodies) != 1:
        raise _wrong(source, "has a blank such as ?principal; there is nothing that would fill it in")
    notes = bodies[0].get("annotations", {})
    for name in ("id", "why"):
        if not notes.get(name):
            raise _wrong(source, f'has no @{name}("..."): people are told by it which rule decided')
    return Written(notes["id"], notes["why"], bodies[0]["effect"], source, text, bodies[0])


def _names(node: Any) -> Iterator[tuple[str, str]]:
    """The roles, and the attributes that are asked for with `has`, anywhere in a policy."""
    if isinstance(node, dict):
        has = node.get("has")
        if isinstance(has, dict) and isinstance(has.get("attr"), str):
            yield "attribute", has["attr"]
        if node.get("type") == "Role" and isinstance(node.get("id"), str):
            yield "Role", node["id"]
        for inner in node.values():
            yield from _names(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _names(inner)


def _near(words: str, schema: Any, known: dict[str, set[str]]) -> str:
    """ "Did you mean ...?" for the misspelt name in the validator's words."""
    there = {name for names in known.values() for name in names} | set(re.findall(r"\w+", str(schema)))
    for match in _QUOTED.finditer(words):
        name = match[1] or match[2]
        near = [] if name in there else difflib.get_close_matches(name, sorted(there), n=1, cutoff=0.6)
        if near:
            return f"Did you mean {near[0]}? {MEND}"
    return MEND


def _wrong(source: str, words: str, do: str = MEND) -> Permanent:
    return Permanent(f"The policy cannot be used: {source}: {words.rstrip('.')}.", do=do)
