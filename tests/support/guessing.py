"""A router whose local classifier has its mind made up, for tests of what comes after it."""

from __future__ import annotations

from bizaiops_bot.router.classifier import Classifier, Guess
from bizaiops_bot.router.router import Router
from tests.support.router_company import intents, specs

NEAREST = ("deploy_model", "show_status", "show_kpis", "list_alerts", "approve_run", "list_runs", "pause_model")


class Guessing(Classifier):
    """Always the same guesses, `first` with probability `p`: whatever improves in the real one, nothing changes here."""

    def __init__(self, first: str = "deploy_model", p: float = 0.3) -> None:
        rest = [name for name in NEAREST if name != first]
        self._guesses = [Guess(first, p, 0.7, p), *(Guess(name, 0.01, 0.3, 0.01) for name in rest)]
        self.degraded = ""

    def rank(self, text: str, top: int = 5) -> list[Guess]:
        return self._guesses[:top]


def guessing_router() -> Router:
    """Unsure about all that is not exact."""
    router = Router(list(intents()), list(specs()), None)
    router.parts.classifier = Guessing()
    return router
