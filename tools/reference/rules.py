"""docs/reference/rules.md"""

from __future__ import annotations

from pydantic import BaseModel

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.rule import Criteria, Guards, Rule, RuleCase
from bizaiops_bot.engine.watch.rule_book import load_rule_book
from tools.reference.markdown import code, field_notes, page, table, type_words

INTRO = """\
A rule says what happens by itself: when an event of its kind comes and the criteria hold, it runs a playbook, asks
for it, or tells a person.
Rules are files in `playbooks/rules/`; each carries the examples that are run as tests. [Policy](policy.md) has the
last word: it says which
playbooks a rule may propose and which it may run without a person. How to write one: [write a rule](../how-to/write-
a-rule.md)."""
SHAPES: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("A rule", "The file's top level.", Rule),
    ("criteria", "What must hold for the rule to apply at all.", Criteria),
    ("guards", "What holds a rule back even when it applies.", Guards),
    ("cases", "Examples, run as tests; times are minutes before the event.", RuleCase),
)


# What the docstrings of these classes tell in prose, field by field.
NOTES = {
    "name": "Lower-case words with underscores; unique.",
    "about": "One sentence: what it finds and what it does.",
    "when": "The event it listens to.",
    "criteria": "See below.",
    "playbook": "What is run; none for a rule that only pages.",
    "inputs": "Inputs of the playbook. `{model}`, `{onset}`, `{title}`, `{version}`, `{previous}` and any text or "
    "number of the event's details are filled in.",
    "mode": "`shadow` only says what it would do, `ask` waits for approval, `auto` acts, if policy allows that too.",
    "guards": "See below.",
    "page": "The role told at once, whether or not anything is done; none tells nobody.",
    "cases": "See below.",
    "says": "The case in words; also the event's title.",
    "detail": "Facts of the event, such as `version`, `rows`, `missing_columns`.",
    "onset_minutes_ago": "When the trouble began.",
    "release": "Version of the model's latest release; none for no release.",
    "release_minutes_ago": "When that release was.",
    "release_kind": "How it came about.",
    "previous": "The version before it.",
    "open_runs": "Runs at work on the model.",
    "acted_minutes_ago": "When this rule acted on the model before.",
    "frozen": "Who froze changes and why; none for no freeze.",
    "then_act": "Whether the rule must act.",
    "then_page": "Which role must be told.",
    "then_inputs": "The inputs it must run the playbook with; empty checks nothing.",
    "then_reason": "Words the reason must contain.",
}


def render() -> str:
    """The page."""
    rules = sorted(load_rule_book(content_folder("playbooks") / "rules"), key=lambda rule: rule.name)
    fields = ["## Fields of a rule file", *(_shape(*shape) for shape in SHAPES)]
    return page("Rules", INTRO, [_overview(rules), *map(_one, rules), *fields])


def _overview(rules: list[Rule]) -> str:
    rows = [
        (f"[`{r.name}`](#{r.name})", code(r.when), code(r.playbook or "none"), _mode(r), r.page or "nobody")
        for r in rules
    ]
    return table(("Rule", "When", "Playbook", "How", "Pages"), rows)


def _mode(rule: Rule) -> str:
    if rule.playbook is None:
        return "only pages"
    return {
        "ask": "asks an approver",
        "auto": "acts by itself, where policy allows it",
        "shadow": "only says what it would do",
    }[rule.mode]


def _one(rule: Rule) -> str:
    criteria = _set_fields(rule.criteria, Criteria())
    guards = [(code(f"guards.{k}"), code(v)) for k, v in rule.guards.model_dump().items()] if rule.playbook else []
    inputs = [(code(f"inputs.{k}"), code(v)) for k, v in rule.inputs.items()]
    values = table(("Field", "Value"), [*criteria, *inputs, *guards])
    cases = table(("Example", "Acts", "Pages", "Because"), [_case(case) for case in rule.cases])
    return "\n\n".join(part for part in [f"## {rule.name}", rule.about, values, cases] if part)


def _set_fields(value: Criteria, default: Criteria) -> list[tuple[str, str]]:
    usual = default.model_dump()
    return [(code(f"criteria.{k}"), code(v)) for k, v in value.model_dump().items() if v != usual[k]]


def _case(case: RuleCase) -> tuple[str, str, str, str]:
    return case.says, "yes" if case.then_act else "no", case.then_page or "", case.then_reason


def _shape(title: str, about: str, model: type[BaseModel]) -> str:
    notes = NOTES | field_notes(model)
    rows = []
    for name, info in model.model_fields.items():
        if name == "source":  # filled in when the file is read
            continue
        default = "required" if info.is_required() else _default(info.get_default(call_default_factory=True))
        rows.append((code(name), code(type_words(info.annotation)), default, notes.get(name, "")))
    return f"### {title}\n\n{about}\n\n{table(('Field', 'Type', 'Default', 'Meaning'), rows)}"


def _default(value: object) -> str:
    if isinstance(value, BaseModel):
        return "see below"
    return "none" if value in (None, (), {}, "") else code(value)
