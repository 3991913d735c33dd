"""The reference page of policy names what the files have, no more and no less."""

from __future__ import annotations

import re

from bizaiops_bot.content import content_folder
from bizaiops_bot.engine.policy.files import read_policies
from bizaiops_bot.engine.policy.policy import ROLES
from tests.docs.pages import DOCS

TEXT = (DOCS / "reference" / "policy.md").read_text(encoding="utf-8")


def names(section: str) -> list[str]:
    """First column of a section's table."""
    body = TEXT.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([\w`, ]+)` \|", body, re.MULTILINE)


def test_every_rule_is_on_the_page_in_the_order_of_the_file() -> None:
    assert names("Rules") == [policy.id for policy in read_policies(content_folder("policy"))]


def test_every_role_and_everything_of_the_context_is_on_the_page() -> None:
    groups = {"operator", "member"}
    assert set(names("Who")) == set(ROLES) - groups
    schema = (content_folder("policy") / "bizaiops.cedarschema").read_text(encoding="utf-8")
    request = schema.split("type Request = {")[1].split("};")[0]
    fields = re.findall(r"^ {2}(\w+): ", request, re.MULTILINE)
    assert names("Context") == [*fields, "inputs"]


def test_every_action_that_is_no_playbook_is_on_the_page() -> None:
    schema = (content_folder("policy") / "bizaiops.cedarschema").read_text(encoding="utf-8")
    assert set(names("What")) == set(re.findall(r'^action "(\w+)" appliesTo', schema, re.MULTILINE))
