"""Methods of Slack's Web API that emulate has not, or answers with less than Slack does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.support.slack_stand import workspace
from tests.support.slack_stand.limits import JSON

if TYPE_CHECKING:
    from tests.support.slack_stand.bridge import Bridge

Method = Callable[[JSON, str], Awaitable[JSON]]


class OwnMethods:
    """Named like the methods, with _ for a point."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def find(self, method: str) -> Method | None:
        """The method, if it is one of these."""
        found: Method | None = getattr(self, method.replace(".", "_"), None) if "." in method else None
        return found

    # -- connecting --------------------------------------------------------------------------------------------------------

    async def apps_connections_open(self, args: JSON, token: str) -> JSON:
        if token != workspace.APP_TOKEN:
            return {"ok": False, "error": "not_allowed_token_type"}
        link = self._bridge.url.replace("http:", "ws:")
        return {"ok": True, "url": f"{link}/link?ticket={uuid.uuid4()}"}

    async def auth_test(self, args: JSON, token: str) -> JSON:
        if token == workspace.APP_TOKEN:
            return {"ok": True, "app_name": "BizAIOps", "app_id": workspace.APP}
        answer = await self._bridge.upstream("auth.test", args, token)
        return {**answer, "is_enterprise_install": False}

    # -- people ------------------------------------------------------------------------------------------------------------

    async def users_info(self, args: JSON, token: str) -> JSON:
        answer = await self._bridge.upstream("users.info", args, token)
        return {**answer, "user": self._whole(answer["user"])} if answer["ok"] else answer

    async def users_list(self, args: JSON, token: str) -> JSON:
        """Deactivated people too, as in Slack."""
        answer = await self._bridge.upstream("users.list", args, token)
        if not answer["ok"]:
            return answer
        gone = [m.id for m in self._bridge.people.values() if m.deleted]
        left = [await self._bridge.upstream("users.info", {"user": user}, token) for user in gone]
        return {**answer, "members": [self._whole(u) for u in (*answer["members"], *(a["user"] for a in left))]}

    async def users_conversations(self, args: JSON, token: str) -> JSON:
        answer = await self._bridge.upstream("conversations.list", {"limit": 1000, **args}, token)
        inside = [channel for channel in answer.get("channels", []) if channel.get("is_member")]
        return {**answer, "channels": inside} if answer["ok"] else answer

    def _whole(self, user: JSON) -> JSON:
        member = next((m for m in self._bridge.people.values() if m.id == user["id"]), None)
        return {**user, **(member.info() if member else {}), "deleted": bool(member and member.deleted)}

    async def usergroups_list(self, args: JSON, token: str) -> JSON:
        if missing := self._missing(token, "usergroups:read"):
            return missing
        groups = [
            {
                "id": _group_id(name),
                "team_id": workspace.TEAM,
                "handle": name,
                "name": name,
                "date_delete": 0,
                "users": self._members(name),
                "user_count": len(members),
            }
            for name, members in self._bridge.groups.items()
        ]
        return {"ok": True, "usergroups": groups}

    async def usergroups_users_list(self, args: JSON, token: str) -> JSON:
        if missing := self._missing(token, "usergroups:read"):
            return missing
        found = next((name for name in self._bridge.groups if _group_id(name) == args.get("usergroup")), None)
        return {"ok": True, "users": self._members(found)} if found else {"ok": False, "error": "no_such_subteam"}

    def _members(self, group: str) -> list[str]:
        return [self._bridge.people[name].id for name in self._bridge.groups[group]]

    # -- messages ----------------------------------------------------------------------------------------------------------

    async def conversations_history(self, args: JSON, token: str) -> JSON:
        return await self._read("conversations.history", args, token)

    async def conversations_replies(self, args: JSON, token: str) -> JSON:
        return await self._read("conversations.replies", args, token)

    async def _read(self, method: str, args: JSON, token: str) -> JSON:
        """Metadata is shown to who asks for it only; `oldest` and `latest` bound what is read."""
        answer = await self._bridge.upstream(method, args, token)
        if not answer["ok"]:
            return answer
        asked = str(args.get("include_all_metadata", "")).lower() in ("true", "1")
        low, high = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
        root = args.get("ts")
        kept = [m for m in answer["messages"] if low <= float(m["ts"]) <= high or m["ts"] == root]
        return {**answer, "messages": [{k: v for k, v in m.items() if asked or k != "metadata"} for m in kept]}

    # -- the agent's view --------------------------------------------------------------------------------------------------

    async def assistant_threads_setStatus(self, args: JSON, token: str) -> JSON:  # noqa: N802
        return self._noted("setStatus", args, token)

    async def assistant_threads_setTitle(self, args: JSON, token: str) -> JSON:  # noqa: N802
        return self._noted("setTitle", args, token)

    async def assistant_threads_setSuggestedPrompts(self, args: JSON, token: str) -> JSON:  # noqa: N802
        return self._noted("setSuggestedPrompts", args, token)

    def _noted(self, what: str, args: JSON, token: str) -> JSON:
        if missing := self._missing(token, "assistant:write"):
            return missing
        self._bridge.records.statuses.append({"what": what, **args})
        return {"ok": True}

    async def chat_startStream(self, args: JSON, token: str) -> JSON:  # noqa: N802
        if not args.get("thread_ts"):
            return {"ok": False, "error": "invalid_arguments"}
        kept = {k: args[k] for k in ("channel", "thread_ts", "metadata") if k in args}
        text = args.get("markdown_text") or "…"
        answer = await self._bridge.upstream("chat.postMessage", {**kept, "text": text}, token)
        if answer["ok"]:
            self._bridge.records.streams[answer["ts"]] = [args]
        return {k: answer[k] for k in ("ok", "error", "channel", "ts") if k in answer}

    async def chat_appendStream(self, args: JSON, token: str) -> JSON:  # noqa: N802
        stream = self._bridge.records.streams.get(args.get("ts", ""))
        if stream is None or stream[-1].get("end"):
            return {"ok": False, "error": "message_not_in_streaming_state"}
        stream.append(args)
        return {"ok": True, "channel": args["channel"], "ts": args["ts"]}

    async def chat_stopStream(self, args: JSON, token: str) -> JSON:  # noqa: N802
        answer = await self.chat_appendStream({**args, "end": True, "at": time.time()}, token)
        if not answer["ok"]:
            return answer
        text = "".join(_streamed(part) for part in self._bridge.records.streams[args["ts"]])
        kept = {k: args[k] for k in ("channel", "ts", "blocks", "metadata") if args.get(k)}
        return await self._bridge.upstream("chat.update", {**kept, "text": text or "…"}, token)

    def _missing(self, token: str, scope: str) -> JSON | None:
        provided = self._bridge.scopes.get(token, [])
        if scope in provided:
            return None
        return {"ok": False, "error": "missing_scope", "needed": scope, "provided": ",".join(provided)}


def _streamed(part: JSON) -> str:
    """The words of one part of a stream, given in itself or in chunks."""
    chunks = [chunk.get("text", "") for chunk in part.get("chunks") or [] if chunk["type"] == "markdown_text"]
    return "".join([part.get("markdown_text") or "", *chunks])


def _group_id(name: str) -> str:
    return "S0" + name.upper().replace("-", "")[:9]
