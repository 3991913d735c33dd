"""The rules of a folder, checked against the playbooks that exist."""

from __future__ import annotations

from pathlib import Path

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.rules import Rule, load_rules


def load_rule_book(folder: Path) -> list[Rule]:
    """All rules of the folder's YAML files by name. Raises BadInput naming file and line, or two rules of one name."""
    rules: dict[str, Rule] = {}
    for path in sorted(folder.glob("*.yaml")):
        for rule in load_rules(path.read_text(encoding="utf-8"), f"{folder.name}/{path.name}"):
            if rule.name in rules:
                raise BadInput(f"{rule.source}: the rule {rule.name!r} is also in {rules[rule.name].source}.")
            rules[rule.name] = rule
    return list(rules.values())
