"""docs/reference/questions.md"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bizaiops_bot.domain.questions import Inquiry
from tools.reference.markdown import code, page, table, type_words

SAID = Path(__file__).parents[2] / "tests" / "eval" / "questions.yaml"
MOST = 4
INTRO = """\
What is asked of the bot's records, metrics, KPIs, policy and rules becomes one typed question: a subject,
what is told of it, and what it is narrowed to. [ADR 0013](../adr/0013-questions-are-composed.md) says why;
the words and the ways to join them are in `bizaiops_bot/router/questions/words.yaml` and `grammar.yaml`. A
sentence with a word that means nothing there is not read as a question, and an order never is. Every answer
says which window and filter it took; no data is said as no data. After an answer, "and demand?" or "and last
month?" asks the same again of something else."""
WHOLE = {
    "check_safety": "Whether it is safe to deploy: yes or no, with reasons.",
    "show_changes": "A timeline: releases, decisions, alerts, settings, KPIs that moved.",
    "explain_verdict": "How a version was judged, and whether one is better than another.",
}


def render() -> str:
    """The page."""
    said: dict[str, list[str]] = {}
    for case in yaml.safe_load(SAID.read_text(encoding="utf-8"))["asked"]:
        said.setdefault(case["asks"], []).append(_words(case))
    composed = sorted(name for name in said if " " in name)
    rows = [(code(name.split()[0]), code(name.split()[1]), _examples(said[name])) for name in composed]
    whole = [(f"[`{name}`](playbooks.md#{name})", text, _examples(said[name])) for name, text in WHOLE.items()]
    parts = [
        "## Composed questions",
        table(("Of", "Told", "Said, for example"), rows),
        "## Questions with an answer of their own",
        table(("Playbook", "Answers", "Said, for example"), whole),
        "## Fields of a question",
        table(("Field", "Type", "Meaning"), list(map(_field, Inquiry.model_fields))),
    ]
    return page("Questions", INTRO, parts)


def _words(case: dict[str, Any]) -> str:
    """With what the thread is about, where that is part of the question."""
    thread = ", ".join(f"{name} {value}" for name, value in case.get("thread", {}).items())
    return f"{case['say']} _(in the thread of {thread})_" if thread else str(case["say"])


def _examples(sentences: list[str]) -> str:
    return " · ".join(sentences[:MOST])


def _field(name: str) -> tuple[str, str, str]:
    info = Inquiry.model_fields[name]
    return code(name), code(type_words(info.annotation)), info.description or ""
