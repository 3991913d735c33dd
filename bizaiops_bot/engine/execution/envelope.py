"""Results and errors of steps as JSON: an error is a result too, so that a restarted run meets the same one."""

from __future__ import annotations

import json
from typing import Any

from bizaiops_bot.domain.errors import BotError, Permanent, Temporary


class Stopped(Permanent):
    """The run ends without having failed: rejected, cancelled or expired."""

    def __init__(self, status: str, what: str) -> None:
        super().__init__(what)
        self.status = status


def closed(exc: BotError) -> str:
    """An error as data; `status` marks a stop that is not a failure."""
    kind = "temporary" if isinstance(exc, Temporary) else "permanent"
    error = {"what": exc.what, "why": exc.why, "do": exc.do, "kind": kind, "status": getattr(exc, "status", None)}
    return json.dumps({"error": error})


def opened(raw: str) -> Any:
    """The result, or the error raised again."""
    envelope = json.loads(raw)
    if "ok" in envelope:
        return envelope["ok"]
    error = envelope["error"]
    if error["status"]:
        raise Stopped(error["status"], error["what"])
    raise Permanent(error["what"], error["why"], error["do"])
