"""Rules from YAML text, with the line of every mistake."""

from __future__ import annotations

from collections.abc import Iterator

import yaml
from pydantic import ValidationError

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.domain.yaml_loader import LOADER

Place = tuple[str | int, ...]


def load_rules(text: str, source: str) -> list[Rule]:
    """One rule per YAML document. `source` is the name shown in errors, such as "playbooks/rules/drift_retrains.yaml".

    Raises BadInput with source:line for text that is not YAML, an unknown or misspelt field, a bad value, and a name
    used twice.
    """
    try:
        nodes = [node for node in yaml.compose_all(text, Loader=LOADER) if node is not None]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{source}:{line} is not YAML.", str(error.problem or error.context)) from error
    rules: list[Rule] = []
    for node in nodes:
        rule = _rule(node, source)
        if any(rule.name == other.name for other in rules):
            raise BadInput(f"{rule.source}: the name {rule.name!r} is used twice.", do="Give each rule its own name.")
        rules.append(rule)
    return rules


def _rule(node: yaml.Node, source: str) -> Rule:
    place = f"{source}:{node.start_mark.line + 1}"
    data = yaml.SafeLoader("").construct_document(node)
    if not isinstance(data, dict):
        raise BadInput(f"{place} is not a rule.", "A rule is a mapping with name, when, and a playbook or a page.")
    lines = dict(node_lines(node, ()))
    try:
        return Rule.model_validate({**data, "source": place})
    except ValidationError as error:
        said = [_mistake(lines, source, e["loc"], e["msg"]) for e in error.errors()]
        raise BadInput("The rule cannot be used.", "; ".join(said)) from error


def node_lines(node: yaml.Node, path: Place) -> Iterator[tuple[Place, int]]:
    """Every place in the document with its line, counted from 1."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = (*path, str(key.value))
            yield from node_lines(value, name)
            yield name, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            yield from node_lines(item, (*path, i))


def _mistake(lines: dict[Place, int], source: str, path: Place, message: str) -> str:
    known = path
    while known not in lines:
        known = known[:-1]
    what = ".".join(str(part) for part in path) or "rule"
    return f"{source}:{lines[known]}: {what}: {message}"
