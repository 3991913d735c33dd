"""Finds playbooks and checks inputs: one file a playbook, named like it."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bizaiops_bot.domain.errors import BadInput, NotFound, Permanent
from bizaiops_bot.engine.lint.lint import lint
from bizaiops_bot.playbook import Inputs, Playbook

log = logging.getLogger("bizaiops.playbooks")
_WARNED: set[tuple[tuple[str, int], ...]] = set()


class Playbooks:
    """All playbooks by name."""

    def __init__(self, playbooks: dict[str, Playbook]) -> None:
        self._by_name = playbooks

    @classmethod
    def load(cls, folder: Path) -> Playbooks:
        """Imports every `<name>.py` of the folder that does not begin with an underscore.

        Raises Permanent when a file has no playbook of its own name.
        """
        found: dict[str, Playbook] = {}
        _make_package(folder)
        for path in sorted(folder.glob("[a-z]*.py")):
            module = _import(path)
            entry = getattr(module, path.stem, None)
            if not isinstance(entry, Playbook):
                raise Permanent(
                    f"{path.name} has no playbook named {path.stem!r}.", do="Name the @playbook function like its file."
                )
            found[path.stem] = entry
        return cls(found)

    def __iter__(self) -> Any:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> Playbook:
        """Raises NotFound with near names."""
        try:
            return self._by_name[name]
        except KeyError:
            raise NotFound("playbook", name, self._by_name) from None

    def check(self, playbook: Playbook, values: dict[str, Any]) -> Inputs:
        """Typed inputs; raises BadInput naming the field, what was given and what it should be."""
        try:
            return playbook.inputs.model_validate(values)
        except ValidationError as exc:
            error = exc.errors()[0]
            field = str(error["loc"][0]) if error["loc"] else "input"
            info = playbook.inputs.model_fields.get(field)
            hint = f" ({info.description})" if info is not None and info.description else ""
            raise BadInput(
                f"{field} is not usable: {str(error.get('input'))[:80]!r}{hint}.",
                f"{error['msg']}.",
                f"Say `help {playbook.name}`.",
            ) from exc


def warn(folder: Path) -> None:
    """Warns of code that a restart would carry out differently, once a process while the files stay as they are. Half
    a second of work: nothing waits for it.
    """
    files = tuple((str(path), path.stat().st_mtime_ns) for path in sorted(folder.glob("*.py")))
    if files not in _WARNED:
        _WARNED.add(files)
        for finding in lint([folder]):
            log.warning("%s", finding)


def _make_package(folder: Path) -> None:
    """`playbooks` is importable as a package wherever its folder is: checkout or installed content."""
    known = sys.modules.get("playbooks")
    if known is not None and str(folder) in list(getattr(known, "__path__", [])):
        return
    spec = importlib.util.spec_from_file_location(
        "playbooks", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["playbooks"] = module
    spec.loader.exec_module(module)


def _import(path: Path) -> Any:
    return importlib.import_module(f"playbooks.{path.stem}")
