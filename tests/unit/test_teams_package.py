"""An administrator gets one zip that Teams takes, or is told which part of it Teams would refuse."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bizaiops_bot.cli.main import app
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.surfaces.teams.package import AppPackage, manifest, package

CLIENT = "11111111-2222-3333-4444-555555555555"
URL = "https://bot.example.com"
FOLDER = content_folder("teams")
SCOPES = ["personal", "team", "groupChat"]


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def told(**parts: str) -> dict[str, Any]:
    return manifest(AppPackage(**{"client_id": CLIENT, "url": URL, **parts}), FOLDER)


def test_the_zip_has_the_manifest_and_both_icons_at_its_root() -> None:
    files = unpacked(package(AppPackage(CLIENT, URL), FOLDER))
    assert list(files) == ["manifest.json", "color.png", "outline.png"]
    assert json.loads(files["manifest.json"]) == told()


def test_the_same_app_gives_the_same_bytes() -> None:
    first, second = (package(AppPackage(CLIENT, URL, name="Ops bot"), FOLDER) for _ in range(2))
    assert first == second
    assert first != package(AppPackage(CLIENT, URL, name="Other bot"), FOLDER)


def test_the_icons_have_the_sizes_and_colours_that_teams_wants() -> None:
    from PIL import Image

    for name, size in (("color.png", 192), ("outline.png", 32)):
        data = (FOLDER / name).read_bytes()
        assert struct.unpack(">II", data[16:24]) == (size, size)
        assert len(data) < 30_000
    with Image.open(FOLDER / "outline.png") as outline:
        red, green, blue, alpha = (set(band.tobytes()) for band in outline.convert("RGBA").split())
    assert red == green == blue == {255}
    assert alpha >= {0, 255}


def test_the_manifest_keeps_to_what_the_schema_of_its_version_says() -> None:
    """Lengths, counts and names of https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json"""
    found = told(name="n" * 30, developer="d" * 32)
    assert found["manifestVersion"] == "1.19"
    assert found["$schema"].endswith("/teams/v1.19/MicrosoftTeams.schema.json")
    required = {"manifestVersion", "version", "id", "developer", "name", "description", "icons", "accentColor"}
    assert required | {"$schema", "bots", "permissions", "validDomains"} == set(found)
    assert set(found["developer"]) == {"name", "websiteUrl", "privacyUrl", "termsOfUseUrl"}
    assert all(found["developer"][name].startswith("https://") for name in found["developer"] if name != "name")
    assert 0 < len(found["name"]["short"]) <= 30 and len(found["name"]["full"]) <= 100
    assert len(found["description"]["short"]) <= 80 and len(found["description"]["full"]) <= 4_000
    assert found["icons"] == {"color": "color.png", "outline": "outline.png"}
    assert set(found["permissions"]) <= {"identity", "messageTeamMembers"}
    assert found["validDomains"] == ["bot.example.com"]


def test_the_bot_talks_in_every_place_and_takes_no_files() -> None:
    (bot,) = told()["bots"]
    assert (bot["botId"], bot["scopes"]) == (CLIENT, SCOPES)
    assert (bot["isNotificationOnly"], bot["supportsFiles"]) == (False, False)
    (commands,) = bot["commandLists"]
    assert commands["scopes"] == SCOPES
    assert 3 <= len(commands["commands"]) <= 10
    assert all(len(c["title"]) <= 32 and len(c["description"]) <= 128 for c in commands["commands"])


def test_every_command_that_teams_offers_is_one_the_bot_knows() -> None:
    titles = {c["title"] for c in told()["bots"][0]["commandLists"][0]["commands"]}
    known = {word for intent in load_intents(content_folder("intents")) for word in (intent.name, *intent.aliases)}
    assert {"help", "status", "approvals"} <= titles <= known


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://bot.example.com/", "bot.example.com"),
        ("https://Bot.Example.com/api/messages", "bot.example.com"),
        ("https://bot.example.com:8443", "bot.example.com"),
    ],
)
def test_an_address_may_be_written_as_it_is_at_hand(url: str, host: str) -> None:
    assert told(url=url)["validDomains"] == [host]


def test_the_endpoint_is_told_as_azure_wants_it() -> None:
    assert AppPackage(CLIENT, f"{URL}/api/messages").messages_url == f"{URL}/api/messages"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bot.example.com",
        "http://bot.example.com",
        "https://localhost",
        "https://127.0.0.1",
        "https://[::1]",
        "https://user:pw@bot.example.com",
        "https://bot.example.com/teams",
        "https://bot.example.com?x=1",
        "https://bot.example.com:99999",
        "https://bot_.example.com",
        "https://-bot.example.com",
        "https://[bad",
    ],
)
def test_an_address_that_teams_cannot_reach_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(BadInput, match="cannot be used") as refused:
        told(url=url)
    assert refused.value.why
    assert "https://bot.example.com" in refused.value.do


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("client_id", "local"),
        ("client_id", ""),
        ("name", ""),
        ("name", "n" * 31),
        ("name", "a\x00b"),
        ("developer", "d" * 33),
        ("version", "1.0"),
        ("version", "01.0.0"),
    ],
)
def test_what_teams_would_refuse_is_refused_before(part: str, value: str) -> None:
    with pytest.raises(BadInput):
        told(**{part: value})


def run(*words: str, **environment: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["teams", "package", *words], env=environment)
    return done.exit_code, done.output


def test_one_command_writes_the_package_and_says_what_is_next(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    code, output = run("--url", URL, "--client-id", CLIENT, "--name", "Ops bot", "--out", str(out))
    assert code == 0
    assert f"{URL}/api/messages" in output
    assert json.loads(unpacked(out.read_bytes())["manifest.json"])["name"]["short"] == "Ops bot"


def test_the_client_id_is_taken_from_the_settings(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    code, _ = run("--url", URL, "--out", str(out), BIZAIOPS_TEAMS__CLIENT_ID=CLIENT)
    assert code == 0
    assert json.loads(unpacked(out.read_bytes())["manifest.json"])["id"] == CLIENT


def test_without_a_client_id_nothing_is_written_and_the_setting_is_named(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    code, output = run("--url", URL, "--out", str(out))
    assert (code, out.exists()) == (2, False)
    assert "BIZAIOPS_TEAMS__CLIENT_ID" in output


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    code, output = run("--url", URL, "--client-id", CLIENT, "--out", str(tmp_path / "no" / "app.zip"))
    assert code == 1
    assert "cannot be written" in output
