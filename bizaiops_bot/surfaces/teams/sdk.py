"""Microsoft's Teams SDK, imported here alone.

It warns of its own experimental and deprecated parts, and takes a `.env` file and variables such as CLIENT_SECRET into
account: this bot is set up by its settings only.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

SDK_VARIABLES = (
    "CLIENT_ID",
    "CLIENT_SECRET",
    "TENANT_ID",
    "MANAGED_IDENTITY_CLIENT_ID",
    "SERVICE_URL",
    "CLOUD",
    "DANGEROUSLY_ALLOW_UNAUTHENTICATED_REQUESTS",
)
"""What the SDK reads from the environment where it was not given a value."""


@contextmanager
def own_settings_only() -> Iterator[None]:
    """The environment as the SDK should see it; afterwards it is as it was before."""
    before = dict(os.environ)
    for name in SDK_VARIABLES:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def quiet() -> None:
    """Leaves out what the SDK says of its own inner parts: one DeprecationWarning for every client it makes."""
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"microsoft_teams\.")


with own_settings_only(), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from microsoft_teams.api import Activity, ActivityTypeAdapter, ApiClient, ConversationUpdateActivity
    from microsoft_teams.api.activities.install_update import InstalledActivity, UninstalledActivity
    from microsoft_teams.api.activities.invoke.adaptive_card import AdaptiveCardInvokeActivity
    from microsoft_teams.api.activities.invoke.task import TaskFetchInvokeActivity, TaskSubmitInvokeActivity
    from microsoft_teams.api.activities.message import MessageActivity, MessageActivityInput
    from microsoft_teams.api.auth import JsonWebToken, TokenProtocol
    from microsoft_teams.api.auth.cloud_environment import PUBLIC, CloudEnvironment
    from microsoft_teams.api.models.account import Account, TeamsChannelAccount
    from microsoft_teams.api.models.attachment import Attachment
    from microsoft_teams.api.models.channel_data import ChannelInfo
    from microsoft_teams.api.models.entity import MentionEntity
    from microsoft_teams.apps import ActivityContext, ActivityEvent, App
    from microsoft_teams.apps.auth import InboundActivityTokenValidator
    from microsoft_teams.apps.events import CoreActivity
    from microsoft_teams.apps.http.adapter import HttpMethod, HttpRouteHandler
    from microsoft_teams.common import ClientOptions

__all__ = [
    "PUBLIC",
    "Account",
    "Activity",
    "ActivityContext",
    "ActivityEvent",
    "ActivityTypeAdapter",
    "AdaptiveCardInvokeActivity",
    "ApiClient",
    "App",
    "Attachment",
    "ChannelInfo",
    "ClientOptions",
    "CloudEnvironment",
    "ConversationUpdateActivity",
    "CoreActivity",
    "HttpMethod",
    "HttpRouteHandler",
    "InboundActivityTokenValidator",
    "InstalledActivity",
    "JsonWebToken",
    "MentionEntity",
    "MessageActivity",
    "MessageActivityInput",
    "TaskFetchInvokeActivity",
    "TaskSubmitInvokeActivity",
    "TeamsChannelAccount",
    "TokenProtocol",
    "UninstalledActivity",
    "own_settings_only",
    "quiet",
]
