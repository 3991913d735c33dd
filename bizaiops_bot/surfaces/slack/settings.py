"""How to reach a Slack workspace."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

Role = Literal["engineer", "approver", "sre", "analyst"]


class SlackSettings(BaseModel):
    """A Slack workspace, or an Enterprise Grid organisation; on when `bot_token` is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_token: SecretStr | None = Field(default=None, description="Bot token, xoxb-…; None: the bot is not in Slack.")
    app_token: SecretStr | None = Field(
        default=None, description="App-level token, xapp-…, for Socket Mode; None: events come by HTTP."
    )
    signing_secret: SecretStr | None = Field(
        default=None, description="Checks that HTTP events come from Slack; needed without `app_token`."
    )
    base_url: str = Field(
        default="https://slack.com/api/", pattern=r"^https?://.+/$", description="Web API; a test stand has its own."
    )
    groups: dict[str, tuple[Role, ...]] = Field(
        default_factory=dict,
        description="User group's handle -> roles of its members, besides those in BIZAIOPS_PEOPLE.",
    )
    refresh_minutes: float = Field(
        default=5.0, gt=0, le=1440, description="How often user groups and deactivated users are looked up again."
    )
    native_blocks: bool = Field(
        default=True, description="Charts and tables as Slack's own blocks, where the workspace takes them."
    )
    stream: bool = Field(default=True, description="Progress streamed into agent conversations, where Slack has it.")

    @model_validator(mode="after")
    def _has_a_bot(self) -> SlackSettings:
        """The other secrets alone would leave the bot out of Slack without a word."""
        if self.bot_token is None and (self.app_token or self.signing_secret):
            raise ValueError("An app token or a signing secret needs BIZAIOPS_SLACK__BOT_TOKEN too")
        return self

    @property
    def on(self) -> bool:
        """Whether the bot is in Slack."""
        return self.bot_token is not None
