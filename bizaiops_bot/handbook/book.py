"""The handbook as the router and the playbooks use it: read when first asked, from the files that come with the bot."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from threading import Lock

import yaml

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import NotFound, Permanent
from bizaiops_bot.domain.handbook import Found, Passage
from bizaiops_bot.domain.yaml_loader import LOADER
from bizaiops_bot.handbook.index import Encode, Index
from bizaiops_bot.handbook.pages import read_sections

QUESTIONS = Path(__file__).with_name("questions.yaml")


class Handbook:
    """Implements bot_api.Handbook.

    encode: as for `Index`. known: folders that may have the vectors; the last one is written to.
    """

    def __init__(self, encode: Encode | None, known: list[Path]) -> None:
        self._encode, self._known, self._lock = encode, known, Lock()

    @cached_property
    def _index(self) -> Index:
        with self._lock:
            pages = folder()
            questions = yaml.load(QUESTIONS.read_text(encoding="utf-8"), Loader=LOADER)
            return Index(read_sections(pages) if pages else [], questions, self._encode, self._known)

    def ask(self, question: str) -> Found:
        """The nearest passages, in two or three milliseconds."""
        return self._index.ask(question)

    def warm(self) -> None:
        """Makes now what the first question would wait for."""
        self._index.warm()

    async def look_up(self, question: str) -> Found:
        return self.ask(question)

    async def passage(self, name: str) -> Passage:
        found = self._index.named(name)
        if found is None:
            raise NotFound("page of the handbook", name[:80], [p.name for p in self.ask(name).passages])
        return found


def folder() -> Path | None:
    """Where the pages are; None for a bot that was installed without them."""
    try:
        return content_folder("docs")
    except Permanent:
        return None
