"""docs/reference/playbooks.md"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import PydanticUndefined

from bizaiops_bot.content import content_folder
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.playbook import Playbook
from bizaiops_bot.router.intents import Intent, load_intents
from bizaiops_bot.settings import Settings
from tools.reference.markdown import bullets, code, page, table

INTRO = """\
A playbook is one typed procedure. `read` answers at once; `control` changes only the bot's own state, at once;
`change` touches the models: it
shows its plan, waits for an approver, and runs step by step, one run at a time for each model.

The line "Who may" names the demo's accounts as [policy](policy.md) decides today. How to write one: [add a
playbook](../how-to/add-a-playbook.md)."""
RISKS = (("read", "Looking"), ("control", "The bot's own state"), ("change", "Changing models"))


def render() -> str:
    """The page."""
    playbooks = Playbooks.load(content_folder("playbooks"))
    intents = [intent for intent in load_intents(content_folder("intents")) if intent.playbook]
    people = [person.actor() for person in Settings.model_fields["people"].get_default(call_default_factory=True)]
    policy = Policy.load(content_folder("policy"), people, playbooks)
    parts = [_overview(playbooks)]
    for risk, title in RISKS:
        parts.append(f"## {title} (`{risk}`)")
        parts += [_one(p, intents, policy) for p in playbooks if p.risk == risk]
    return page("Playbooks", INTRO, parts)


def _overview(playbooks: Iterable[Playbook]) -> str:
    return table(("Playbook", "Does", "Risk"), [(f"[`{p.name}`](#{p.name})", p.title, p.risk) for p in playbooks])


def _one(playbook: Playbook, intents: list[Intent], policy: Policy) -> str:
    say = [
        code(intent.formats[0].replace("{", "<").replace("}", ">"))
        for intent in intents
        if intent.playbook == playbook.name
    ]
    may = ", ".join(policy.who_may(playbook.name, playbook=playbook.name)) or "nobody"
    parts = [
        f"### {playbook.name}",
        playbook.help,
        f"Say: {'; '.join(say)}. Who may: {may}." if say else f"Who may: {may}.",
    ]
    return "\n\n".join(part for part in [*parts, _inputs(playbook)] if part)


def _inputs(playbook: Playbook) -> str:
    rows = []
    for slot in playbook.spec().slots:
        default = playbook.inputs.model_fields[slot.name].default
        shown = "required" if slot.required else "none" if default in (None, PydanticUndefined) else str(default)
        rows.append((code(slot.name), slot.kind, shown, slot.description))
    return table(("Input", "Kind", "Default", "Meaning"), rows) or bullets(["No inputs."])
