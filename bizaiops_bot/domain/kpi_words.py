"""How a KPI's numbers are said: one form each, the same on cards, in digests, in the console and for programs."""

from __future__ import annotations

from datetime import date

from bizaiops_bot.domain.kpi import Change, Kpi

_SIGNS = frozenset({"€", "$", "£"})
_MONEY = frozenset({"EUR", "USD", "GBP", "CHF"}) | _SIGNS
# Cents of hundreds say nothing to a reader.
_WHOLE_FROM = 100.0


def amount(kpi: Kpi, value: float | None) -> str:
    """A KPI value with its whole unit, "EUR 1,234 per 1,000 customers" or "4.2%"; "no data" for None."""
    money, rest = _unit(kpi)
    return f"{short_amount(kpi, value)} {rest}" if money and rest and value is not None else short_amount(kpi, value)


def short_amount(kpi: Kpi, value: float | None) -> str:
    """As `amount`, without what money is counted per: `full_title` says that once for a whole row."""
    if value is None:
        return "no data"
    money, rest = _unit(kpi)
    shown = as_shown(kpi, value)
    number = f"{abs(shown):,.{_digits(kpi, value)}f}"
    sign = "-" if shown < 0.0 else ""
    if money:
        return f"{sign}{money}{'' if money in _SIGNS else ' '}{number}"
    return f"{sign}{number}%" if rest == "%" else f"{sign}{number} {rest}".strip()


def provisional_words(until: date | None) -> str:
    """ "provisional until 4 Dec", "" for what is final"""
    return f"provisional until {until:%-d %b}" if until else ""


def full_title(kpi: Kpi) -> str:
    """ "Retention cost per 1,000 customers" """
    money, rest = _unit(kpi)
    return f"{kpi.title} {rest}" if money and rest else kpi.title


def as_shown(kpi: Kpi, value: float) -> float:
    """The number that people see, rounded as it is printed."""
    return round(value, _digits(kpi, value)) + 0.0


def target_met(kpi: Kpi, value: float | None) -> bool | None:
    """Whether the target is reached by the number as it is shown; None without a target or a value."""
    if kpi.target is None or value is None:
        return None
    shown, target = as_shown(kpi, value), as_shown(kpi, kpi.target)
    return shown >= target if kpi.direction == "up_is_good" else shown <= target


def target_words(kpi: Kpi, value: float | None) -> str:
    """ "EUR 12,000, met", or "none"."""
    if kpi.target is None:
        return "none"
    met = target_met(kpi, value)
    return short_amount(kpi, kpi.target) + ("" if met is None else ", met" if met else ", missed")


def change_words(kpi: Kpi, change: Change | None) -> str:
    """A change with the direction that counts: "▲ 12.0% worse", "▲ EUR 50 better", "= no change", "no comparison"."""
    if change is None:
        return "no comparison"
    if change.better is None:
        return "= no change"
    size = f"{abs(change.share):.1%}" if change.share is not None else _difference(kpi, change)
    return f"{'▲' if change.difference > 0 else '▼'} {size} {'better' if change.better else 'worse'}"


def signed_words(kpi: Kpi, change: Change, digits: int = 0) -> str:
    """ "+12%" with `digits` after the point; "up EUR 50" where a share would mislead."""
    if change.share is not None:
        return f"{change.share:+.{digits}%}"
    if change.better is None:
        return "no change"
    return f"{'up' if change.difference > 0 else 'down'} {_difference(kpi, change)}"


def _difference(kpi: Kpi, change: Change) -> str:
    said = short_amount(kpi, abs(change.difference))
    return f"{said.removesuffix('%')} points" if kpi.unit == "%" else said


def _digits(kpi: Kpi, value: float) -> int:
    return 0 if _unit(kpi)[0] and abs(value) >= _WHOLE_FROM else kpi.decimals


def _unit(kpi: Kpi) -> tuple[str, str]:
    """The currency, "" when it is not money, and what remains of its unit."""
    first, _, rest = kpi.unit.partition(" ")
    return (first, rest.strip()) if first in _MONEY else ("", kpi.unit)
