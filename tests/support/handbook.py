"""The handbook of the bot that is tested, read once."""

from __future__ import annotations

from functools import cache

from bizaiops_bot.evaluation.company import own_router
from bizaiops_bot.handbook.book import Handbook


@cache
def handbook() -> Handbook:
    return own_router().parts.handbook
