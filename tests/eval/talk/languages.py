"""How sentences in other languages are understood, by the router alone: `python -m tests.eval.talk --languages`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from bizaiops_bot.domain.routing import Command, Question, Refusal
from bizaiops_bot.domain.values import Value
from bizaiops_bot.evaluation.company import COMPANY, own_router, specs
from bizaiops_bot.router.router import Router

Outcome = Literal["right", "button", "polite", "curt", "wrong", "begun"]
OUTCOMES: tuple[Outcome, ...] = ("right", "button", "polite", "curt", "wrong", "begun")
ALWAYS = {"list_models", "help"}
"""What anybody may click at any time."""
NAMES = {"de": "German", "fr": "French", "es": "Spanish"}


class Said(Value):
    """A question that a playbook answers, an order, or neither; `inputs` at least."""

    text: str
    read: str = ""
    order: str = ""
    inputs: dict[str, str | int] = Field(default_factory=dict)


def load(name: str = "other_languages") -> dict[str, list[Said]]:
    """By language: de, fr, es."""
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_text("utf-8"))
    return {language: [Said.model_validate(said) for said in lines] for language, lines in found.items()}


def judge(said: Said, router: Router) -> Outcome:
    """button: the right thing is a click away; for an order that is all that is wanted. polite: a sentence in the
    language, with something to click. curt: a no without. begun: a change that nobody clicked.
    """
    decision = router.route(said.text, None, COMPANY)
    risks = {spec.name: spec.risk for spec in specs()}
    if isinstance(decision, Command):
        if risks[decision.playbook] != "read":
            return "begun"
        return "right" if _reads(decision, said) and _has(decision.inputs, said) else "wrong"
    wanted = said.read or said.order
    offers = [choice.bind for choice in decision.choices]
    if isinstance(decision, Question) and decision.pending.playbook == wanted:
        return "button"
    if wanted and any(b.get("playbook") == wanted and _has(json.loads(b.get("inputs", "{}")), said) for b in offers):
        return "button"
    if isinstance(decision, Question) or {b.get("playbook") for b in offers} - ALWAYS:
        return "wrong"
    return "polite" if isinstance(decision, Refusal) and decision.choices else "curt"


def _reads(decision: Command, said: Said) -> bool:
    """A list of a span of time ("alerts today") is a composed question as well."""
    composed = decision.playbook == "answer_question" and said.read == f"list_{decision.inputs.get('subject')}s"
    return composed or decision.playbook == said.read


def _has(inputs: dict[str, Any], said: Said) -> bool:
    return all(str(inputs.get(name)) == str(value) for name, value in said.inputs.items())


def played(name: str = "other_languages") -> dict[str, list[tuple[Said, Outcome]]]:
    router = own_router()
    return {language: [(said, judge(said, router)) for said in lines] for language, lines in load(name).items()}


def table(found: dict[str, list[tuple[Said, Outcome]]]) -> str:
    """A Markdown table: questions, orders and others by language."""
    lines = ["| | | " + " | ".join(OUTCOMES) + " |", "| --- | --- |" + " --: |" * len(OUTCOMES)]
    for language, outcomes in found.items():
        for kind, chosen in (
            ("questions", [o for said, o in outcomes if said.read]),
            ("orders", [o for said, o in outcomes if said.order]),
            ("neither", [o for said, o in outcomes if not said.read and not said.order]),
        ):
            if not chosen:
                continue
            counts = Counter(chosen)
            lines.append(f"| {NAMES[language]} | {kind} | {' | '.join(str(counts[o]) for o in OUTCOMES)} |")
    return "\n".join(lines)
