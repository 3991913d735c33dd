"""What the handbook has on a question: passages with where they stand. A passage is shown and never heard."""

from __future__ import annotations

from bizaiops_bot.domain.values import Value


class Passage(Value):
    """One section of one page. page: "explanation/drift-and-verdicts". section: its anchor there, "" for the top.

    text: what is shown of it, the part that answers first; bold, italic and code as in cards.
    """

    page: str
    section: str
    title: str
    page_title: str
    text: str

    @property
    def link(self) -> str:
        """Where the console serves it."""
        return f"/handbook/{self.page}" + (f"#{self.section}" if self.section else "")

    @property
    def name(self) -> str:
        """What it is called and found by: "Drift and verdicts: Health"."""
        return self.title if self.title == self.page_title else f"{self.page_title}: {self.title}"


class Found(Value):
    """Passages for a question, nearest first. sure: the chance that the first one answers it, 0..1.

    known: the share of the question's words that the handbook has at all, rare ones counting more, 0..1.
    """

    passages: tuple[Passage, ...] = ()
    sure: float = 0.0
    known: float = 0.0
