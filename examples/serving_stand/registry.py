"""The versions of each model, and which of them an alias names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from examples.serving_stand.problems import conflict, not_found


@dataclass
class Registry:
    """versions: model -> what was registered, oldest first. aliases: model -> alias -> version."""

    versions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)

    def names(self, model: str) -> list[str]:
        return [version["version"] for version in self.versions.get(model, [])]

    def told(self, model: str) -> list[dict[str, Any]]:
        named = self.aliases.get(model, {})
        return [
            {**version, "aliases": sorted(alias for alias, of in named.items() if of == version["version"])}
            for version in self.versions.get(model, [])
        ]

    def one(self, model: str, version: str) -> dict[str, Any]:
        found = next((found for found in self.told(model) if found["version"] == version), None)
        if found is None:
            raise not_found(f"registered version of {model}", version, self.names(model))
        return found

    def register(self, model: str, given: dict[str, Any]) -> dict[str, Any]:
        """The same digest under a known version changes nothing. Refuses other content."""
        version = given["version"]
        if version not in self.names(model):
            self.versions.setdefault(model, []).append({**given, "model": model})
            return self.one(model, version)
        known = self.one(model, version)
        if not known["digest"] or known["digest"] != given["digest"]:
            theirs = known["digest"][:12] or (known.get("artifact") or {}).get("uri", "unknown")
            what = f"{model} {version} is registered already, with other content."
            why = f"Registered is {theirs}, this one is {given['digest'][:12] or 'without a digest'}."
            raise conflict(what, why, "A registered version never changes: use a new version number.")
        return known

    def set_alias(self, model: str, alias: str, version: str) -> dict[str, Any]:
        self.one(model, version)
        self.aliases.setdefault(model, {})[alias] = version
        return self.one(model, version)
