"""The app package that an administrator uploads to Teams: manifest and icons in a zip."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bizaiops_bot.domain.errors import BadInput

GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_VERSION = re.compile(r"(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})")
NAME_MAX, DEVELOPER_MAX = 30, 32
ICONS = ("color.png", "outline.png")
_MESSAGES = "/api/messages"


@dataclass(frozen=True)
class AppPackage:
    """What the manifest says of this installation.

    client_id: of the bot's registration in Entra; it is the app's id too, so that a new package updates the old one.
    url: where Teams reaches the bot, https. version: Teams takes an update only with another one.
    """

    client_id: str
    url: str
    name: str = "BizAIOps"
    developer: str = "BizAIOps"
    version: str = "1.0.0"

    def checked(self) -> AppPackage:
        """With its parts trimmed. Raises BadInput that names the part Teams would refuse."""
        if not GUID.fullmatch(self.client_id.strip()):
            raise BadInput(
                f"The client id {self.client_id!r} is none.",
                "Teams wants the application (client) id of the bot's registration, such as "
                "11111111-2222-3333-4444-555555555555.",
                "Copy it from the Entra admin center, App registrations, Overview.",
            )
        if not _VERSION.fullmatch(self.version):
            raise BadInput(f"The version {self.version!r} is none.", "Teams wants three numbers.", "Write 1.0.1.")
        return AppPackage(
            self.client_id.strip().lower(),
            _address(self.url),
            _short(self.name, "name", NAME_MAX),
            _short(self.developer, "developer's name", DEVELOPER_MAX),
            self.version,
        )

    @property
    def messages_url(self) -> str:
        """What the Azure bot gets as its messaging endpoint."""
        return f"{_address(self.url)}{_MESSAGES}"


def manifest(app: AppPackage, folder: Path) -> dict[str, Any]:
    """folder: with the template `manifest.json`. Raises BadInput."""
    app = app.checked()
    filled: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    filled |= {"id": app.client_id, "version": app.version, "validDomains": [urlsplit(app.url).hostname]}
    pages = dict.fromkeys(("websiteUrl", "privacyUrl", "termsOfUseUrl"), app.url)
    filled["developer"] = {"name": app.developer, **pages}
    filled["name"] = {"short": app.name, "full": f"{app.name}: models run from the chat"}
    filled["bots"][0]["botId"] = app.client_id
    return filled


def package(app: AppPackage, folder: Path) -> bytes:
    """The zip; the same bytes for the same app, anywhere: nothing is compressed, and no file has a time of its own."""
    files = {"manifest.json": (json.dumps(manifest(app, folder), indent=2, ensure_ascii=False) + "\n").encode()}
    files |= {name: (folder / name).read_bytes() for name in ICONS}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            archive.writestr(entry, content)
    return out.getvalue()


def _address(url: str) -> str:
    """https://host[:port], without a slash at its end."""
    why = ""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise _bad_url(url, f"It cannot be read: {error}.") from error
    if parts.scheme != "https":
        why = "Teams reaches a bot by https only."
    elif parts.username or parts.password or parts.query or parts.fragment:
        why = "It has more in it than a host."
    elif parts.path.rstrip("/") not in {"", _MESSAGES}:
        why = f"It has the path {parts.path!r}; the bot answers at {_MESSAGES}."
    elif not _HOST.fullmatch(host):
        why = f"{host!r} is no name that Teams can find from outside; a number or localhost is none."
    if why:
        raise _bad_url(url, why)
    return f"https://{host}{f':{port}' if port and port != 443 else ''}"


def _bad_url(url: str, why: str) -> BadInput:
    return BadInput(f"The address {url!r} cannot be used.", why, "Write the public name, as https://bot.example.com.")


def _short(text: str, what: str, most: int) -> str:
    flat = " ".join(text.split())
    if not flat or len(flat) > most or not flat.isprintable():
        raise BadInput(f"The {what} {text!r} cannot be used.", f"Teams wants 1 to {most} characters.", "Shorten it.")
    return flat
