"""The language model put together. Imported when one is chosen: it takes a tenth of a second, its libraries seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bizaiops_bot.adapters.openai.client import LanguageClient
from bizaiops_bot.adapters.openai.meter import MemoryBook, UseBook
from bizaiops_bot.adapters.openai.route import OpenAiLanguage
from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.adapters.openai.words import OpenAiWords
from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.readiness import Readiness


class Language:
    """One model for all that is asked of it: `client` is started and stopped, `proposes` is for the router."""

    def __init__(self, settings: OpenAiSettings, book: UseBook, folder: Path, time_zone: str) -> None:
        self.client = LanguageClient(settings, book, folder, time_zone=time_zone)
        self.proposes = OpenAiLanguage(self.client)

    def words(self, ports: Ports, note: Callable[[str, dict[str, Any]], Awaitable[None]]) -> OpenAiWords:
        """note: for the audit."""
        return OpenAiWords(self.client, ports, note)


async def try_once(settings: OpenAiSettings) -> Readiness:
    """Asks it one small thing, in up to three ways; nothing is kept."""
    return await LanguageClient(settings, MemoryBook(), None).check()
