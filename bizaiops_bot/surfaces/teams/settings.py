"""How to reach Microsoft Teams."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class TeamsSettings(BaseModel):
    """A bot registration in Microsoft Entra; on when `client_id` is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="Application (client) id; None: the bot is not in Teams.",
    )
    client_secret: SecretStr | None = Field(
        default=None, description="Client secret; None: a managed identity, or `unauthenticated`."
    )
    tenant_id: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]{1,64}$", description="The company's tenant; people of others are refused."
    )
    unauthenticated: bool = Field(
        default=False,
        description="Takes requests without Microsoft's token, for a test stand; refused unless bound to loopback.",
    )
    service_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]",
        description="Where messages are sent when the conversation named no other; None: Microsoft's own.",
    )

    @model_validator(mode="after")
    def _has_a_client(self) -> TeamsSettings:
        """The secret alone would leave the bot out of Teams without a word."""
        if self.client_id is None and (self.client_secret or self.unauthenticated):
            raise ValueError("A client secret or `unauthenticated` needs BIZAIOPS_TEAMS__CLIENT_ID too")
        return self

    @property
    def on(self) -> bool:
        """Whether the bot is in Teams."""
        return self.client_id is not None
