"""What a language model was used for and what it cost."""

from __future__ import annotations

from datetime import date

from bizaiops_bot.domain.values import Value

MICRO = 1_000_000


class Use(Value):
    """Calls, tokens and millionths of a US dollar."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    micro_usd: int = 0

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out

    @property
    def usd(self) -> float:
        return self.micro_usd / MICRO

    def __add__(self, other: Use) -> Use:
        return Use(
            calls=self.calls + other.calls,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            micro_usd=self.micro_usd + other.micro_usd,
        )


class Spent(Value):
    """What one conversation used on a day of the company's time zone; channel: "" where no conversation was known."""

    day: date
    channel: str
    use: Use
