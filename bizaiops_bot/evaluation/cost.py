"""What a language model would cost: how often the local stages would ask one, and how much is sent to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from bizaiops_bot.adapters.openai.decision import route_decision
from bizaiops_bot.adapters.openai.prompts import load_prompt
from bizaiops_bot.adapters.openai.settings import DEFAULT_MODEL, DEFAULT_PRICES, OpenAiSettings
from bizaiops_bot.domain.routing import Catalogue, Memory, PlaybookSpec
from bizaiops_bot.router.language import Proposal
from bizaiops_bot.router.router import Router
from bizaiops_bot.settings import Settings

CHARS_A_TOKEN = 4.0
"""Of English and JSON, a rule of thumb: the estimate is for budgets, not for bills."""

TOKENS_OUT = 60
"""An answer with three values."""


class Cost(BaseModel):
    """asked: of the utterances, those a language model would be asked about. usd: for 1,000 utterances, at `prices`
    (USD for a million tokens in and out).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked: float
    tokens_in: int
    tokens_out: int
    model: str
    prices: tuple[float, float]
    usd: float


class Counting:
    """A Language that counts what it would be asked, and never answers."""

    def __init__(self) -> None:
        self.tokens: list[float] = []

    async def propose(
        self,
        text: str,
        offered: tuple[PlaybookSpec, ...],
        catalogue: Catalogue,
        memory: Memory | None,
        *,
        channel: str,
    ) -> Proposal | None:
        form = json.dumps(route_decision(offered, catalogue).model_json_schema())
        told = "".join(f"{spec.name}: {spec.title}" for spec in offered) + "".join(m.name for m in catalogue.models)
        self.tokens.append(len(load_prompt("route").text + form + told + text) / CHARS_A_TOKEN)
        return None


def cost(router: Router, counting: Counting, texts: Sequence[str], company: Catalogue, settings: Settings) -> Cost:
    """`router` has `counting` as its language model. Prices are the settings', else those of the default model."""

    async def run() -> None:
        for text in texts:
            await router.decide(text, None, company)

    asyncio.run(run())
    model, prices = _prices(settings)
    each = sum(counting.tokens) / max(1, len(counting.tokens))
    asked = len(counting.tokens) / len(texts)
    usd = 1000 * asked * (each * prices[0] + TOKENS_OUT * prices[1]) / 1e6
    return Cost(
        asked=round(asked, 4),
        tokens_in=round(each),
        tokens_out=TOKENS_OUT,
        model=model,
        prices=prices,
        usd=round(usd, 4),
    )


def _prices(settings: Settings) -> tuple[str, tuple[float, float]]:
    if isinstance(settings.language, OpenAiSettings):
        return settings.language.model, settings.language.prices
    return DEFAULT_MODEL, DEFAULT_PRICES
