"""docs/reference/intents.md"""

from __future__ import annotations

from bizaiops_bot.content import content_folder
from bizaiops_bot.router.intents import Intent, load_intents
from tools.reference.markdown import bullets, code, page, table

INTRO = """\
An intent is one kind of request. The bot hears the exact wordings below, and everything that means the same: a local
sentence encoder compares
what was said with the examples of each intent. In wordings, `[...]` may be left out and `(a|b)` is either. Unclear
words get one question with
buttons; what belongs to the last part gets a clear no.

Each intent is a file `intents/<name>.yaml`: [how to write one](../how-to/write-an-intent.md)."""
SHOWN = 6


def render() -> str:
    """The page."""
    intents = load_intents(content_folder("intents"))
    does = [i for i in intents if i.playbook]
    does_not = [i for i in intents if not i.playbook]
    overview = table(
        ("Intent", "Means", "Playbook"), [(f"[`{i.name}`](#{i.name})", i.title, code(i.playbook)) for i in does]
    )
    parts = [overview, *map(_one, does), "## What the bot does not do", *map(_refused, does_not)]
    return page("Intents", INTRO, parts)


def _one(intent: Intent) -> str:
    target = f"[`{intent.playbook}`](playbooks.md#{intent.playbook})"
    parts = [f"## {intent.name}", intent.help, f"Playbook {target}, risk {code(intent.risk)}."]
    if intent.aliases:
        parts.append(f"Short names, alone or with values behind: {', '.join(map(code, intent.aliases))}.")
    parts += ["Exact wordings:", _quoted(intent.formats), "Also, for example:", _quoted(intent.examples[:SHOWN])]
    other = [(_words(text), code(name)) for text, name in intent.must_not.items()]
    if other:
        parts += ["Sounds alike, but is another intent:", table(("Words", "Is"), other)]
    return "\n\n".join(parts)


def _refused(intent: Intent) -> str:
    return "\n\n".join([f"### {intent.name}", intent.refuse, "For example:", _quoted(intent.examples[:SHOWN])])


def _quoted(texts: tuple[str, ...]) -> str:
    return bullets(_words(text) for text in texts)


def _words(text: str) -> str:
    return code(text.replace("{", "<").replace("}", ">"))
