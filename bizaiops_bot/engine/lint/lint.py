"""Finds playbook code that a restart would not carry out the same way again. Reads files, runs nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.lint.codes import CODES
from bizaiops_bot.engine.lint.rules import Look, Mode
from bizaiops_bot.engine.lint.source import Module, Scope, Sources

_ALLOW = re.compile(r"#\s*lint:\s*allow\(([^)]*)\)\s*(.*)")


@dataclass(frozen=True, order=True)
class Finding:
    """One place to look at. `do`: what to write instead."""

    file: str
    line: int
    code: str
    what: str
    do: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code} {self.what}. {self.do}"

    def as_json(self) -> dict[str, str | int]:
        return asdict(self)


def lint(paths: Iterable[Path | str]) -> list[Finding]:
    """Findings in the playbooks of these files and folders and in their helpers, in the order of the files.

    A helper's file is looked at as the playbooks of its folder use it. Raises BadInput for a path that is not there.
    """
    sources = Sources()
    found: set[Finding] = set()
    for path in map(Path, paths):
        if not path.exists():
            raise BadInput(
                f"There is no file or folder {str(path)!r}.", do="Give playbooks, or the folder they are in."
            )
        helper = path.is_file() and path.stem.startswith("_")
        folder = path.parent if helper else path
        for finding in _lint_files(sources, sorted(folder.glob("*.py")) if folder.is_dir() else [folder]):
            if not helper or Path(finding.file).resolve() == path.resolve():
                found.add(finding)
    return sorted(found)


def _lint_files(sources: Sources, files: list[Path]) -> Iterator[Finding]:
    walk = _Walk(sources)
    for path in files:
        try:
            module = sources.module(path)
            walk.enter(module)
        except (SyntaxError, UnicodeDecodeError, OSError) as exc:
            line = getattr(exc, "lineno", None) or 1
            yield Finding(_shown(path), line, "P100", f"the file cannot be read: {exc}", "Mend it.")
    yield from walk.findings()


class _Walk:
    """From each playbook to everything it calls."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._seen: set[tuple[int, Mode]] = set()
        self._found: list[tuple[Module, str, ast.AST, str]] = []

    def enter(self, module: Module) -> None:
        """All playbooks of one file."""
        for function, risk in module.playbooks():
            self._go([(Scope(module, function), "durable" if risk == "change" else "direct")])

    def _go(self, begin: list[tuple[Scope, Mode]]) -> None:
        todo = begin
        while todo:
            scope, mode = todo.pop()
            if (id(scope.node), mode) in self._seen:
                continue
            self._seen.add((id(scope.node), mode))
            look = Look(scope, mode).all()
            self._found += [(scope.module, *place) for place in look.found]
            todo += [(Scope(scope.module, scope.module.tree), "import")]
            todo += [(lead.scope, lead.mode) for lead in look.leads]
            for dotted, how in look.imported:
                todo += [(inner, how) for inner in self._helper(scope.module, dotted)]

    def _helper(self, near: Module, dotted: str) -> Iterator[Scope]:
        """The function, or the methods of the class, of a file in the same folder."""
        place = self._sources.helper(near, dotted)
        if place is None:
            return
        module, name = place
        if name in module.functions:
            yield Scope(module, module.functions[name])
        elif name in module.classes:
            for method in module.classes[name].body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield Scope(module, method)

    def findings(self) -> Iterator[Finding]:
        """Those that no comment allows; an exception without a reason is one too."""
        for module, code, node, name in self._found:
            lines = module.path.read_text(encoding="utf-8").splitlines()
            line = getattr(node, "lineno", 1)
            allowed = _allowed(lines[line - 1 : getattr(node, "end_lineno", line) or line])
            what = f"{name}: {CODES[code].what}" if name else CODES[code].what
            if code not in allowed:
                yield Finding(_shown(module.path), line, code, what, CODES[code].do)
            elif not allowed[code]:
                words = f"allow({code}) has no reason"
                yield Finding(_shown(module.path), line, "P100", words, CODES["P100"].do)


def _allowed(lines: list[str]) -> dict[str, str]:
    """Code -> reason, from the comments of these lines."""
    found = [match for line in lines if (match := _ALLOW.search(line))]
    return {code.strip(): match[2].strip() for match in found for code in match[1].split(",")}


def _shown(path: Path) -> str:
    path, here = path.resolve(), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
