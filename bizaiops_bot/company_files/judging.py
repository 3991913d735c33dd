"""How well a model has to be and how its canaries are judged, as files of models and of environments say it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from bizaiops_bot.company_files.forms import FileForm
from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.health import HealthLimits
from bizaiops_bot.domain.judge import CHECKS, CheckName, JudgeSpec
from bizaiops_bot.domain.values import duration_s

Span = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?[smhd]$")]
"""A time such as 90s, 10m, 24h or 7d."""


class Slo(FileForm):
    """The service level of a model. What is left out is as for every model."""

    error_rate: float | None = Field(None, gt=0, lt=1)
    """Errors are too many when they are surely above this share, such as 0.02 for 2%."""
    error_rate_exit: float | None = Field(None, gt=0, lt=1)
    """Errors are over at this share; half of `error_rate` when that alone is given."""
    latency_p95_ms: float | None = Field(None, gt=0, le=600_000)
    """A p95 above this many milliseconds is too slow."""
    latency_exit_share: float | None = Field(None, gt=0, le=1)
    """Slowness is over when the p95 is at most this share of the limit."""
    min_requests: int | None = Field(None, ge=1, le=1_000_000)
    """Requests a version needs in the window before it is judged."""

    @model_validator(mode="after")
    def _ends_below_where_it_begins(self) -> Self:
        limits = self.limits()
        if limits.error_rate_exit > limits.error_rate:
            raise ValueError(f"error_rate_exit {limits.error_rate_exit:g} is above error_rate {limits.error_rate:g}")
        return self

    def under(self, nearer: Slo) -> Slo:
        """What `nearer` says, and all else as here. Raises ValidationError where both together make no sense."""
        mine = self.model_dump(exclude_unset=True)
        if nearer.error_rate is not None:
            mine.pop("error_rate_exit", None)
        return Slo.model_validate(mine | nearer.model_dump(exclude_unset=True))

    def limits(self) -> HealthLimits:
        given = self.model_dump(exclude_none=True)
        if self.error_rate is not None and self.error_rate_exit is None:
            given["error_rate_exit"] = self.error_rate / 2
        return HealthLimits(**given)


class Margins(FileForm):
    """How much worse a canary may be. What is left out is as for every model."""

    error_rate_increase: float | None = Field(None, gt=0, lt=1)
    """Largest rise of the error rate over the stable version, absolute: 0.01 is one percentage point."""
    latency_p95_ratio: float | None = Field(None, gt=1, le=100)
    """Largest p95 as a multiple of the stable version's."""
    latency_floor_ms: float | None = Field(None, ge=0, le=600_000)
    """A p95 surely under this many milliseconds is quick enough, whatever the ratio."""
    score_psi: float | None = Field(None, gt=0, le=10)
    """Largest PSI of the live scores against the version's own held-out scores."""
    value_drop: float | None = Field(None, gt=0, lt=1)
    """Largest relative drop of the business value, 0.1 for 10%."""


class Judge(FileForm):
    """How canaries are judged. What is left out is as for every model."""

    hold: Span | None = None
    """How long a canary is watched at least, "30m" or "2h", at most 7 days."""
    must: tuple[CheckName, ...] | None = None
    """Checks that have to rule harm out; without evidence a person is asked."""
    advisory: tuple[CheckName, ...] | None = None
    """Checks that are told as not judged where there is no evidence; harm that they show counts all the same."""
    margins: Margins = Margins()
    """How much worse a canary may be."""
    min_requests: int | None = Field(None, ge=1, le=10_000_000)
    """Requests that each version needs before anything but clear errors is judged."""
    min_labelled: int | None = Field(None, ge=1, le=10_000_000)
    """Labels that each version needs before the business value is judged."""

    @model_validator(mode="after")
    def _each_check_has_one_weight(self) -> Self:
        must, advisory = self.must or (), self.advisory or ()
        if both := [check for check in must if check in advisory]:
            raise ValueError(f"{both[0]} is in must and in advisory")
        if "sample_ratio" in advisory:
            raise ValueError("sample_ratio is never advice: requests that are lost are harm that no other check sees")
        if self.must is not None and self.advisory is not None:
            left = [check for check in JudgeSpec().must if check not in (*must, *advisory, "sample_ratio")]
            if left:
                raise ValueError(f"{left[0]} is neither in must nor in advisory")
        if not set(self._must()) - {"sample_ratio"}:
            raise ValueError("at least one check has to be a must: nothing would keep a bad canary back")
        if self.hold is not None and not 60 <= duration_s(self.hold) <= 7 * 86_400:
            raise ValueError(f"hold {self.hold} is not between 1m and 7d")
        return self

    def under(self, nearer: Judge) -> Judge:
        """What `nearer` says, and all else as here; must and advisory are one word about all checks.

        Raises ValidationError where both together make no sense.
        """
        mine, theirs = self.model_dump(exclude_unset=True), nearer.model_dump(exclude_unset=True)
        if {"must", "advisory"} & set(theirs):
            mine = {name: value for name, value in mine.items() if name not in ("must", "advisory")}
        margins = mine.get("margins", {}) | theirs.get("margins", {})
        return Judge.model_validate(mine | theirs | ({"margins": margins} if margins else {}))

    def _must(self) -> tuple[CheckName, ...]:
        """Those that are left when only one of the lists is there."""
        if self.must is None:
            return tuple(check for check in JudgeSpec().must if check not in (self.advisory or ()))
        return tuple(dict.fromkeys((*self.must, "sample_ratio")))

    def spec(self, slo: HealthLimits) -> JudgeSpec:
        """slo: the service level, which no version may miss that is released."""
        must, advisory = self._must(), self.advisory or ()
        if self.must is not None and self.advisory is None:
            advisory = tuple(check for check in CHECKS if check not in must)
        numbers = self.margins.model_dump(exclude_none=True)
        numbers |= self.model_dump(include={"min_requests", "min_labelled"}, exclude_none=True)
        limits = CanaryLimits(error_rate_slo=slo.error_rate, latency_slo_ms=slo.latency_p95_ms, **numbers)
        return JudgeSpec(hold=self.hold or JudgeSpec().hold, must=must, advisory=advisory, limits=limits)
