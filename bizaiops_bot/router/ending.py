""" "End it" behind an A/B test: the test of the thread, and neither a run nor the model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bizaiops_bot.domain.routing import Decision
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.turn import Turn

_TESTS = frozenset({"ab_test_model", "show_ab_test"})
_POLITE = r"(?:(?:please|pls|ok|okay|yes|well|so|then|now|just|let'?s|no|hey)[,.! ]+)*"
_END = re.compile(
    rf"{_POLITE}(?:(?:end|stop|finish|conclude|terminate|cancel|abort|close|halt|kill|quit|call off) (?:it|this|that)|"
    r"call (?:it|this|that) off)(?: (?:please|pls|now|early|then|here|at once|immediately))*[.! ]*"
)
_ENDS = re.compile(rf"{_POLITE}(?:end|finish|conclude|close|quit) (?:it|this|that)\b.*")


def ends(text: str) -> bool:
    """Whether lower-case `text` ends "it", which is said of a thing with an end and not of a model."""
    return bool(_ENDS.fullmatch(text.strip()))


@dataclass(frozen=True)
class Ending:
    """Ends the A/B test that the last request was about."""

    parts: Parts
    finishing: Finishing

    def decide(self, turn: Turn) -> Decision | None:
        """None where the thread is about something else, or the test still waits for its approval."""
        last = turn.memory.last if turn.memory else None
        intent = self.parts.by_playbook.get("end_ab_test")
        if last is None or intent is None or last.playbook not in _TESTS or not _END.fullmatch(turn.hearing.core):
            return None
        run = turn.memory.run if turn.memory else None
        if any(one.number == run and one.waiting for one in turn.hearing.catalogue.open_runs or ()):
            return None
        given = {name: last.inputs[name] for name in ("model", "environment") if last.inputs.get(name)}
        return self.finishing.finish(turn.noting(stage="memory"), intent, sure=True, given=given)
