"""What a playbook is given and what it returns."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, field_validator

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.environments import spoken_service
from bizaiops_bot.domain.stand_in import StandIn
from bizaiops_bot.domain.values import EnvironmentName, ModelName


class Inputs(BaseModel):
    """Base of a playbook's inputs; its docstring is the playbook's help, its fields are the slots."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def amended(cls, known: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        """What a waiting request becomes when somebody says a part of it anew: what is not said stays."""
        return {**known, **said}

    def met_by_undo(self) -> bool:
        """For a safety playbook: whether stopping the rollout at work, and undoing it, is all that is asked for."""
        return False


class ServiceInputs(Inputs):
    """Base of the inputs of what is about one model in one environment."""

    model: ModelName = Field(description="the model")
    environment: EnvironmentName | None = Field(None, description="the environment; the default one if left out")

    @property
    def service(self) -> str:
        """As people say it: "churn", and "churn in staging" where that is not the default environment."""
        return spoken_service(self.model, self.environment)

    @property
    def there(self) -> str:
        """Behind a version: "", and " in staging" where that is not the default environment."""
        return "" if self.environment is None else f" in {self.environment}"


class Outputs(BaseModel):
    """Base of what a playbook returns besides its card: typed fields for programs, kept with the run.

    In a dry run a field may hold a stand-in, as nothing is known of a step that was not done.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    card: Card

    @field_validator("*", mode="wrap")
    @classmethod
    def _let_stand_in(cls, value: Any, check: ValidatorFunctionWrapHandler) -> Any:
        return value if isinstance(value, StandIn) else check(value)
