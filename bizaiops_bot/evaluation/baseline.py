"""The numbers that were committed, and what has become worse than they."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.evaluation.report import LESS_IS_BETTER, DomainReport

FILE = "baseline.json"
MOST = 0.5
"""Points of percent by which a number may get worse."""


class Baseline(BaseModel):
    """headline: in percent. sha256: of the set it was measured on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    headline: dict[str, float]


def load_baseline(folder: Path) -> Baseline:
    """Of `folder`. Raises BadInput when there is none."""
    path = folder / FILE
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except OSError as error:
        do = "Make one: `bizaiops eval --update-baseline`."
        raise BadInput(f"There is no baseline {str(path)!r}: {error.strerror}.", do=do) from error
    except ValidationError as error:
        raise BadInput(f"{str(path)!r} is no baseline: {error.errors()[0]['msg']}.") from error


def save_baseline(report: DomainReport, folder: Path) -> None:
    """Raises OSError when it cannot be written."""
    made = Baseline(sha256=report.sha256, headline=report.headline)
    (folder / FILE).write_text(made.model_dump_json(indent=2) + "\n", encoding="utf-8")


def failures(report: DomainReport, baseline: Baseline) -> list[str]:
    """Why the report does not pass, as sentences; empty when nothing got worse by more than MOST and no change was
    made that was not asked for.
    """
    found = [f"{report.wrong_changes} changes were acted on that nobody asked for."] if report.wrong_changes else []
    if report.sha256 != baseline.sha256:
        found.append("The set is not the baseline's: measure it anew with `bizaiops eval --update-baseline`.")
    for name, before in baseline.headline.items():
        now = report.headline.get(name)
        if now is None:
            found.append(f"{name} is not measured any more; it was {before:.1f}%.")
        elif (now - before if name in LESS_IS_BETTER else before - now) > MOST + 1e-9:
            found.append(f"{name} is {now:.1f}%, it was {before:.1f}%; it may get worse by {MOST} points.")
    return found
