"""The app's manifest: one paste, no more scopes than are used, and every listener's event is asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from typer.testing import CliRunner

from bizaiops_bot.cli.main import app
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.surfaces.slack.manifest import SCOPES, as_yaml, link, manifest

ROOT = Path(__file__).resolve().parents[2]
LISTENERS = ROOT / "bizaiops_bot" / "surfaces" / "slack" / "listeners"
AT = "https://bot.example.com/slack/events"


def cli(*args: str) -> Any:
    return CliRunner().invoke(app, ["slack", *args])


def test_the_file_to_paste_is_the_manifest_that_the_bot_prints() -> None:
    pasted = (ROOT / "deploy" / "slack" / "manifest.yaml").read_text()
    assert pasted == as_yaml(manifest()) == cli("manifest").stdout


def test_socket_mode_needs_no_address_and_http_has_it_wherever_slack_calls() -> None:
    socket, http = manifest(), manifest("https://bot.example.com/")
    assert socket["settings"]["socket_mode_enabled"] and "http" not in json.dumps(socket)
    settings = http["settings"]
    assert not settings["socket_mode_enabled"]
    assert settings["event_subscriptions"]["request_url"] == settings["interactivity"]["request_url"] == AT
    assert http["features"]["slash_commands"][0]["url"] == AT
    assert manifest(AT) == http


@pytest.mark.parametrize("url", ["http://bot.example.com", "bot.example.com", "https://", "https://a b"])
def test_an_address_that_slack_cannot_reach_is_told(url: str) -> None:
    with pytest.raises(BadInput, match=r"https://bot\.example\.com"):
        manifest(url)
    done = cli("manifest", "--url", url)
    assert done.exit_code == 2 and "https://bot.example.com" in done.output


def test_the_limits_that_slack_has_for_a_manifest_are_kept() -> None:
    """Of slackapi/manifest-schema, manifest.schema.2.0.0.json."""
    made = manifest()
    info, features = made["display_information"], made["features"]
    assert len(info["name"]) <= 35 and len(info["description"]) <= 140
    assert re.fullmatch("#[0-9a-f]{6}", info["background_color"])
    for shortcut in features["shortcuts"]:
        assert set(shortcut) == {"name", "type", "callback_id", "description"}
        assert len(shortcut["name"]) <= 24 and shortcut["type"] in ("global", "message")
    assert all(re.match("/", command["command"]) for command in features["slash_commands"])
    agent = features["agent_view"]
    assert set(agent) == {"agent_description", "suggested_prompts"} and len(agent["agent_description"]) <= 300
    assert 1 <= len(agent["suggested_prompts"]) <= 4
    assert made["settings"]["org_deploy_enabled"] and not made["settings"]["token_rotation_enabled"]


def test_every_event_that_a_listener_wants_is_asked_for_and_no_other() -> None:
    source = "\n".join(path.read_text() for path in LISTENERS.glob("*.py"))
    wanted = set(re.findall(r'@app\.event\("(\w+)"', source)) | {"message.im", "message.mpim"}
    assert wanted == set(manifest()["settings"]["event_subscriptions"]["bot_events"])


def test_every_shortcut_and_command_has_its_listener() -> None:
    source = "\n".join(path.read_text() for path in LISTENERS.glob("*.py"))
    heard = set(re.findall(r'@app\.(?:global|message)_shortcut\("(\w+)"', source))
    assert heard == {shortcut["callback_id"] for shortcut in manifest()["features"]["shortcuts"]}
    assert 'COMMAND = "/mlops"' in source


def test_each_scope_is_explained_in_the_docs_page() -> None:
    page = (ROOT / "docs" / "how-to" / "connect-slack.md").read_text()
    rows = {row[0]: row[1].strip() for row in re.findall(r"^\| `([a-z_.:]+)` \| (.+) \|$", page, re.MULTILINE)}
    assert {scope: rows.get(scope) for scope in SCOPES} == SCOPES


def test_no_scope_reads_more_than_it_needs() -> None:
    assert not {"chat:write.public", "chat:write.customize", "users.profile:read", "files:read", "search:read"} & set(
        SCOPES
    )
    assert not [scope for scope in SCOPES if scope.startswith("admin")]


def test_the_link_opens_a_new_app_with_the_manifest_filled_in() -> None:
    parts = urlsplit(cli("link", "--url", "https://bot.example.com").stdout.strip())
    query = parse_qs(parts.query)
    assert (parts.hostname, query["new_app"]) == ("api.slack.com", ["1"])
    assert json.loads(query["manifest_json"][0]) == manifest("https://bot.example.com")
    assert len(link(manifest())) < 8000


def test_it_comes_as_json_too() -> None:
    assert json.loads(cli("manifest", "--json").stdout) == manifest() == yaml.safe_load(as_yaml(manifest()))
