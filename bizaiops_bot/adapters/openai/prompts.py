"""Prompts are files with a name and a version; their SHA-256 goes with every answer into the audit."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "prompts"
_FILE = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)


@dataclass(frozen=True)
class Prompt:
    """What a model is told once and for all; what people and the world say never goes in here."""

    name: str
    version: str
    text: str
    sha256: str

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    def with_facts(self, facts: str) -> Prompt:
        """With text of the bot's own behind it, such as a list of its playbooks; name, version and hash stay."""
        return Prompt(self.name, self.version, f"{self.text}\n\n{facts}", self.sha256)


@cache
def load_prompt(name: str, folder: Path = FOLDER) -> Prompt:
    """prompts/<name>.md. Raises ValueError when name or version are missing in its front matter."""
    raw = (folder / f"{name}.md").read_text(encoding="utf-8")
    match = _FILE.fullmatch(raw)
    head = yaml.safe_load(match[1]) if match else None
    if match is None or not isinstance(head, dict) or head.get("name") != name or not head.get("version"):
        raise ValueError(f"prompt {name}.md: begin it with --- name: {name}, version: ... ---")
    return Prompt(name, str(head["version"]), match[2].strip(), hashlib.sha256(raw.encode()).hexdigest())
