"""Someone as a chat platform knows them, before the bot knows who that is."""

from __future__ import annotations

from typing import Literal

from bizaiops_bot.domain.values import Value

PlatformName = Literal["slack", "teams"]
Standing = Literal["member", "guest", "bot", "stranger", "deactivated"]


class Identity(Value):
    """What the platform vouches for.

    workspace: id of the team or tenant. user: the platform's stable id (Slack `U…`/`W…`, Teams aadObjectId). email: as
    verified by the platform, lower case, empty when it is not shown. subject: of the company's sign-in (OIDC), empty
    when not known. groups: handles of the user groups the person is in. stranger: of another company, such as over
    Slack Connect or Teams federation.
    """

    platform: PlatformName
    workspace: str
    user: str
    name: str = ""
    email: str = ""
    subject: str = ""
    standing: Standing = "member"
    groups: tuple[str, ...] = ()
