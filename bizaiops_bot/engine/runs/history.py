"""What one run read and did, as a file: recorded from the bot's database, replayed by tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import ValidationError

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.records import FINISHED
from bizaiops_bot.domain.values import Value
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t


class HistoryEntry(Value):
    """One result. `output` is JSON text: `{"ok": ...}` or `{"error": ...}`, or a bare value of the engine's own."""

    n: int
    name: str
    output: str


class History(Value):
    """The record of one run and edition of its plan, oldest result first.

    status: of the run when it was recorded; one that had not ended, or "" if unknown, may end anywhere.
    """

    version: Literal[1] = 1
    playbook: str
    inputs: dict[str, Any]
    plan: Plan
    edition: int = 1
    number: int
    actor: Actor
    status: str = ""
    conversation: str = ""
    time_zone: str = "UTC"
    entries: tuple[HistoryEntry, ...]

    @property
    def ended(self) -> bool:
        return self.status in FINISHED

    @classmethod
    def load(cls, path: Path) -> History:
        """Raises BadInput naming the file and what is wrong in it."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as exc:
            raise BadInput(f"{str(path)!r} cannot be read.", f"{exc.strerror}.") from exc
        except ValidationError as exc:
            first = exc.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BadInput(
                f"{str(path)!r} is not the history of a run.",
                f"{where or 'file'}: {first['msg']}.",
                "Record it with `bizaiops playbooks history RUN`.",
            ) from exc

    @classmethod
    def of_run(cls, conn: sa.Connection, number: int, *, time_zone: str = "UTC") -> History:
        """The run's record in the edition of its plan that counts. Raises NotFound for an unknown run."""
        row = runs.get_row(conn, number)
        mine = (t.journal.c.run_id == number, t.journal.c.edition == row["edition"])
        columns = (t.journal.c.n, t.journal.c.name, t.journal.c.output)
        kept = conn.execute(sa.select(*columns).where(*mine).order_by(t.journal.c.n))
        return cls(
            playbook=row["playbook"],
            inputs=json.loads(row["inputs"]),
            plan=Plan.model_validate_json(row["plan"]),
            edition=row["edition"],
            number=number,
            actor=runs.actor_of(row),
            status=row["status"],
            conversation=row["conversation"],
            time_zone=time_zone,
            entries=tuple(HistoryEntry(n=n, name=name, output=output) for n, name, output in kept),
        )

    def text(self) -> str:
        """The file, one entry a line, so that a change shows as such in a review."""
        body = self.model_dump(mode="json", exclude={"entries"})
        head = json.dumps(body, ensure_ascii=False, indent=1)
        lines = [json.dumps(entry.model_dump(), ensure_ascii=False) for entry in self.entries]
        listed = ",\n  ".join(lines)
        return f'{head[:-2]},\n "entries": [\n  {listed}\n ]\n}}\n' if lines else f'{head[:-2]},\n "entries": []\n}}\n'
