"""docs/reference/rest-api.md"""

from __future__ import annotations

from typing import cast

from bizaiops_bot.conversation.desk import Desk
from bizaiops_bot.surfaces.console.apidocs import Operation, Part, describe
from bizaiops_bot.surfaces.console.app import create_app
from tools.reference.markdown import code, page, table

INTRO = """\
Everything the console can do, for programs. The running bot shows the same at `/docs` and gives the OpenAPI
description at `/openapi.json`.
How to use it: [drive the bot from a program](../how-to/drive-the-bot-from-a-program.md).

- In the demo `actor` names the account that acts. With `bizaiops serve` a program signs in with `Authorization:
Bearer <token>` and may leave
  `actor` out; another name than its own is refused.
- Errors are `{"error": {"what", "why", "do"}}` with a fitting status; see [errors](errors.md).
- A body larger than 256 kB is refused (413), and so is a request that a foreign web page makes a browser send (403)."""


def render() -> str:
    """The page."""
    # The description comes from the routes alone; nobody sits at this desk.
    groups = describe(create_app(cast(Desk, None), demo=True).openapi())
    parts = [part for tag, operations in groups.items() for part in (f"## {tag.capitalize()}", *map(_one, operations))]
    return page("REST API", INTRO, parts)


def _one(operation: Operation) -> str:
    parts = [f"### {operation.method} {operation.path}", operation.summary]
    given = [(*_row(part, "in the address"),) for part in operation.parameters] + [
        _row(part, "body") for part in operation.body
    ]
    parts.append(table(("Given", "Type", "Where", "Meaning"), given))
    parts.append(f"Answers {code(operation.answer)}" + (":" if operation.fields else "."))
    parts.append(
        table(("Field", "Type", "Meaning"), [(code(p.name), code(p.type or "any"), p.note) for p in operation.fields])
    )
    parts.append(f"```sh\n{operation.example}\n```")
    return "\n\n".join(part for part in parts if part)


def _row(part: Part, where: str) -> tuple[str, str, str, str]:
    return code(part.name), code(part.type or "any"), where + (", required" if part.required else ""), part.note
