"""What is said without a language model, and the facts that one may word instead: KPI digests and alerts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from bizaiops_bot.domain.digest import headline, spoken_day
from bizaiops_bot.domain.facts import Fact, Facts, Unit
from bizaiops_bot.domain.kpi import Kpi, KpiRow
from bizaiops_bot.domain.kpi_words import amount, provisional_words, short_amount, signed_words, target_words
from bizaiops_bot.domain.look_words import at_words, release_noun
from bizaiops_bot.domain.records import Alert, Release
from bizaiops_bot.domain.values import spoken_duration

BAKE_TIME = timedelta(minutes=60)
"""A release so long before an onset is the first thing to suspect."""
# An estimated onset is good to a minute or two.
SLACK = timedelta(minutes=2)
_MOVED = re.compile(r"(?:mean|missing) (-?[\d,.]+)%? -> (-?[\d,.]+)")
_MOST_COLUMNS = 3
Move = Literal[-1, 0, 1]


# -- digest ------------------------------------------------------------------------------------------


def digest_facts(model: str, rows: Sequence[KpiRow], others: Iterable[str] = ()) -> Facts:
    """One sentence about the last complete day. others: models it is not about."""
    known = [row for row in rows if row.value is not None]
    return Facts(
        about=f"KPIs of {model}",
        facts=tuple(fact for row in known for fact in _row_facts(row)),
        otherwise=headline(rows),
        names=(model,),
        others=tuple(name for name in others if name != model),
        must=tuple(row.kpi.title for row in known if row.unusual),
    )


def _row_facts(row: KpiRow) -> list[Fact]:
    kpi, value = row.kpi, row.value or 0.0
    words = f"{amount(kpi, value)} on {spoken_day(row.day)}"
    words += f", {provisional_words(row.provisional_until)}" if row.provisional_until else ""
    if row.usual is not None:
        low, high = (short_amount(kpi, edge) for edge in row.usual)
        words += f", usually {low} to {high}, {'unusual' if row.unusual else 'within its usual range'}"
    if kpi.target is not None:
        words += f", target {target_words(kpi, row.value)}"
    found = [Fact(name=kpi.title, words=words, value=value, unit=_kpi_unit(kpi))]
    move = _row_move(row)
    good = None if not move else (move > 0) == (kpi.direction == "up_is_good")
    better = "" if good is None else ", better" if good else ", worse"
    change = row.change
    if change is not None:
        by = signed_words(kpi, change, 1)
        said = f"{by} against the {row.day:%A} before, the same day last week{better}"
        value, unit = (change.difference, _kpi_unit(kpi)) if change.share is None else (change.share, "share")
        found.append(Fact(name=kpi.title, words=said, value=value, unit=unit, move=move, good=good))
    elif move is not None:
        found.append(
            Fact(
                name=kpi.title,
                words=f"{'above' if move > 0 else 'below'} its usual range{better}",
                move=move,
                good=good,
            )
        )
    return found


def _kpi_unit(kpi: Kpi) -> Unit:
    return "percent" if kpi.unit == "%" else "money" if kpi.unit.startswith("EUR") else ""


def _row_move(row: KpiRow) -> Move | None:
    """Which way it went, None when the week before and the usual range tell otherwise."""
    change = row.change
    week: Move | None = None if change is None else 0 if change.better is None else _sign(change.difference)
    if not row.unusual or row.usual is None or row.value is None:
        return week
    usual = _sign(row.value - row.usual[1] if row.value > row.usual[1] else row.value - row.usual[0])
    return usual if week in (None, usual) else None


def _sign(value: float, least: float = 0.0) -> Move:
    return 0 if abs(value) <= least else 1 if value > 0 else -1


# -- releases ----------------------------------------------------------------------------------------


def release_words(onset: datetime, release: Release | None) -> str:
    """What was released before it began, as a sentence."""
    if release is None:
        return "No release is on record."
    if release.kind == "initial":
        return f"No release came before it: {release.version} has served since {at_words(release.at)}."
    told = f"{release_noun(release)} at {at_words(release.at)}"
    gap = (onset - release.at).total_seconds()
    if gap < -SLACK.total_seconds():
        return f"The last release, {told}, came {spoken_duration(-gap)} after it began."
    if gap <= BAKE_TIME.total_seconds():
        return f"The last release, {told}, came {spoken_duration(max(gap, 0.0))} before it began."
    return f"No release came shortly before it: the last one, {told}, came {spoken_duration(gap)} before."


# -- alerts ------------------------------------------------------------------------------------------


def alert_facts(alert: Alert) -> Facts:
    """What an alert is made of: which columns, how far, since when, what was released before."""
    release = _release(alert.detail)
    said = _BY_KIND.get(alert.kind, _other)(alert)
    began = f"It began at about {at_words(alert.onset)} and was seen {spoken_duration(alert.detect_s)} later."
    newest = alert.detail.get("change")
    before = f"The newest change: {newest}." if newest else release_words(alert.onset, release)
    return Facts(
        about=f"{alert.kind.replace('_', ' ')}: {alert.title}",
        facts=(*said[1], *_times(alert, before)),
        otherwise=" ".join((said[0], began, before)),
        names=tuple(name for name in (alert.model, alert.detail.get("version")) if name),
        must=said[2],
        sentences=3,
    )


def came_shortly_before(alert: Alert) -> bool:
    """Whether the last release came before the alert's onset and is young enough to be its cause."""
    release = _release(alert.detail)
    if release is None or release.kind == "initial":
        return False
    return -SLACK <= alert.onset - release.at <= BAKE_TIME


def _release(detail: dict[str, Any]) -> Release | None:
    kept = detail.get("last_release")
    return Release.model_validate(kept) if kept else None


def _times(alert: Alert, before: str) -> list[Fact]:
    rows = alert.detail.get("rows")
    found = [
        Fact(words=f"began at about {at_words(alert.onset)}"),
        Fact(words=f"detected after {spoken_duration(alert.detect_s)}", value=alert.detect_s, unit="s"),
        Fact(words=before),
    ]
    if rows is not None:
        found.append(Fact(words=f"{rows:,} requests looked at", value=float(rows), unit="count"))
    return found


_Told = tuple[str, list[Fact], tuple[str, ...]]


def _drift(alert: Alert) -> _Told:
    features = alert.detail.get("features") or []
    version = alert.detail.get("version", "")
    named = [f"{f['name']} ({f['change']}, PSI {f['psi']:.2f})" for f in features[:_MOST_COLUMNS]]
    more = len(features) - len(named)
    listed = ", ".join(named) + (f" and {more} more" if more > 0 else "")
    said = f"Requests to {alert.model} {version} are not as at training in {listed}."
    return said, [fact for f in features for fact in _column(f)], tuple(f["name"] for f in features[:_MOST_COLUMNS])


def _column(f: dict[str, Any]) -> list[Fact]:
    move = _moved(f["change"])
    found = [Fact(name=f["name"], words=f"{f['change']}, PSI {f['psi']:.2f}", value=f["psi"], move=None)]
    if move is not None:
        found.append(Fact(name=f["name"], words=f["change"], move=move))
    if f.get("missing_share"):
        words = f"{f['missing_share']:.1%} missing, {f.get('reference_missing_share', 0.0):.1%} at training"
        found.append(Fact(name=f["name"], words=words, value=f["missing_share"], unit="share"))
    return found


def _moved(change: str) -> Move | None:
    """The way a column's mean, or its share of missing values, went."""
    ways = {_sign(_float(m[2]) - _float(m[1])) for m in _MOVED.finditer(change)}
    return ways.pop() if len(ways) == 1 else None


def _float(text: str) -> float:
    return float(text.replace(",", ""))


def _missing(alert: Alert) -> _Told:
    features = alert.detail.get("features") or []
    version = alert.detail.get("version", "")
    named = ", ".join(
        f"{f['name']} ({f['missing_share']:.0%}, {f['reference_missing_share']:.0%} at training)"
        for f in features[:_MOST_COLUMNS]
    )
    said = f"Values are missing in requests to {alert.model} {version}: {named}."
    return said, [fact for f in features for fact in _column(f)], tuple(f["name"] for f in features[:_MOST_COLUMNS])


def _quality(alert: Alert) -> _Told:
    p, version = alert.detail["performance"], alert.detail.get("version", "")
    worse: Move = -1 if p["current"] < p["expected"] else 1
    words = (
        f"{p['metric']} {p['current']:.3f} ({p['low']:.3f} to {p['high']:.3f}) on {p['labelled']:,} labelled requests, "
        f"{p['expected']:.3f} at the gate"
    )
    fact = Fact(name=p["metric"], words=words, move=worse, good=False)
    quality = Fact(name="quality", words=words, move=-1, good=False)
    return f"Quality of {alert.model} {version} is below its gate: {words}.", [fact, quality], (p["metric"], "quality")


def _errors(alert: Alert) -> _Told:
    rate, version = alert.detail["error_rate"], alert.detail.get("version", "")
    fact = Fact(name="errors", words=f"{rate:.1%} of requests to {version} fail", value=rate, unit="share")
    rose = Fact(name="error rate", words=f"error rate {rate:.1%}", move=1, good=False)
    said = f"{alert.model} {version} fails on {rate:.1%} of {alert.detail.get('rows', 0):,} requests."
    return said, [fact, rose], ("errors", "error rate", "fail", "fails")


def _latency(alert: Alert) -> _Told:
    p95, version = alert.detail["p95"], alert.detail.get("version", "")
    fact = Fact(name="p95", words=f"p95 {p95:.0f} ms", value=p95, unit="ms")
    rose = Fact(name="latency", words=f"latency p95 {p95:.0f} ms", move=1, good=False)
    said = f"{alert.model} {version} answers slowly: p95 {p95:.0f} ms over {alert.detail.get('rows', 0):,} requests."
    return said, [fact, rose], ("latency", "slow", "slowly", "slower", "p95")


def _other(alert: Alert) -> _Told:
    return f"{alert.title}.", [Fact(words=alert.title)], ()


_BY_KIND = {
    "drift_detected": _drift,
    "missing_values_detected": _missing,
    "concept_drift_detected": _quality,
    "errors_detected": _errors,
    "latency_detected": _latency,
}


def stamp(when: datetime) -> str:
    """ "21 Nov 14:02 UTC", as cards write times."""
    return f"{when:%-d %b %H:%M} UTC"
