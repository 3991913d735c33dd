"""Playbook files as the lint sees them: imports, functions, and which names mean what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
PORTS = frozenset(
    {
        "clock",
        "models",
        "pipelines",
        "serving",
        "registry",
        "metrics",
        "predictions",
        "outcomes",
        "drift",
        "warehouse",
        "faults",
        "records",
        "controls",
    }
)


@dataclass
class Module:
    """One parsed file."""

    path: Path
    tree: ast.Module
    imports: dict[str, str]
    functions: dict[str, Function]
    classes: dict[str, ast.ClassDef]
    variables: set[str]

    def playbooks(self) -> Iterator[tuple[Function, str]]:
        """(body, risk) of every decorated function."""
        for function in self.functions.values():
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and (self.dotted(decorator.func) or "").endswith("playbook"):
                    risks = [k.value for k in decorator.keywords if k.arg == "risk"]
                    risk = risks[0].value if risks and isinstance(risks[0], ast.Constant) else "change"
                    yield function, str(risk)

    def dotted(self, node: ast.expr) -> str | None:
        """ "datetime.datetime.now" for what is imported under any name; None for what is not imported."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id)
        if isinstance(node, ast.Attribute):
            inner = self.dotted(node.value)
            return None if inner is None else f"{inner}.{node.attr}"
        return None


class Sources:
    """Files by path, read once; helpers of the same folder are found by their module name."""

    def __init__(self) -> None:
        self._known: dict[Path, Module] = {}

    def module(self, path: Path) -> Module:
        """Raises SyntaxError, OSError and UnicodeDecodeError as `ast.parse` and reading do."""
        path = path.resolve()
        if path not in self._known:
            self._known[path] = _parse(path, path.read_text(encoding="utf-8"))
        return self._known[path]

    def helper(self, near: Module, dotted: str) -> tuple[Module, str] | None:
        """(file of the same folder, name in it) of "playbooks._rollout.roll_out"."""
        package, _, rest = dotted.partition(".")
        stem, _, name = rest.partition(".")
        path = near.path.parent / f"{stem}.py"
        if package not in ("playbooks", near.path.parent.name) or not name or not path.exists():
            return None
        return self.module(path), name.split(".")[0]


def _parse(path: Path, text: str) -> Module:
    tree = ast.parse(text, str(path))
    functions = {n.name: n for n in tree.body if isinstance(n, Function)}
    classes = {n.name: n for n in tree.body if isinstance(n, ast.ClassDef)}
    variables = {t.id for n in tree.body for t in _targets(n) if isinstance(t, ast.Name)}
    return Module(path, tree, dict(_imports(tree, path.parent.name)), functions, classes, variables)


def _imports(tree: ast.Module, package: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.split(".")[0]
                yield alias.asname or whole, whole
        elif isinstance(node, ast.ImportFrom):
            source = ".".join(part for part in (package if node.level else "", node.module or "") if part)
            for alias in node.names:
                yield alias.asname or alias.name, f"{source}.{alias.name}"


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []


@dataclass
class Scope:
    """A function with what its names mean, those of the functions around it included."""

    module: Module
    node: Function | ast.Lambda | ast.Module
    outer: Scope | None = None
    ports: dict[str, str] = field(default_factory=dict)
    """Local name -> "serving" or "serving.promote"."""
    runs: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)
    functions: dict[str, Function] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.node, ast.Module):
            return
        for arg in (*self.node.args.posonlyargs, *self.node.args.args, *self.node.args.kwonlyargs):
            self.local.add(arg.arg)
            hint = arg.annotation
            if arg.arg == "run" or (isinstance(hint, ast.Name) and hint.id == "Run"):
                self.runs.add(arg.arg)
        for node in own_nodes(self.node):
            if isinstance(node, Function):
                self.functions[node.name] = node
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.local.add(node.id)
        for node in own_nodes(self.node):
            if isinstance(node, ast.Assign):
                self._learn(node.targets, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._learn([node.target], node.value)

    def _learn(self, targets: list[ast.expr], given: ast.expr) -> None:
        for target in targets:
            both_tuples = isinstance(target, ast.Tuple) and isinstance(given, ast.Tuple)
            pairs = (
                zip(target.elts, given.elts, strict=False)  # type: ignore[attr-defined]
                if both_tuples
                else [(target, given)]
            )
            for name, value in pairs:
                if not isinstance(name, ast.Name):
                    continue
                if port := self.port(value):
                    self.ports[name.id] = port
                elif isinstance(value, ast.Name) and self.is_run(value):
                    self.runs.add(name.id)
                elif self.is_set(value):
                    self.sets.add(name.id)

    def is_run(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr == "run"  # kept in an object
        if not isinstance(node, ast.Name):
            return False
        if node.id in self.runs:
            return True
        return node.id not in self.local and self.outer is not None and self.outer.is_run(node)

    def port(self, node: ast.expr) -> str | None:
        """ "serving" of `run.serving`, "serving.promote" of `run.serving.promote`, under any local name."""
        if isinstance(node, ast.Name):
            if node.id in self.ports:
                return self.ports[node.id]
            return self.outer.port(node) if node.id not in self.local and self.outer is not None else None
        if not isinstance(node, ast.Attribute):
            return None
        if node.attr in PORTS and self.is_run(node.value):
            return node.attr
        inner = self.port(node.value)
        return f"{inner}.{node.attr}" if inner is not None and "." not in inner else None

    def run_call(self, node: ast.AST) -> str | None:
        """ "step" of `run.step(...)`."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and self.is_run(node.func.value):
            return node.func.attr
        return None

    def is_set(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Set | ast.SetComp):
            return True
        if isinstance(node, ast.Name):
            return node.id in self.sets
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
            return self.is_set(node.left) or self.is_set(node.right)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                return node.func.id in ("set", "frozenset")
            if isinstance(node.func, ast.Attribute):
                named = ("union", "intersection", "difference", "symmetric_difference")
                return node.func.attr in named and self.is_set(node.func.value)
        return False

    def function(self, name: str) -> tuple[Scope | None, Function] | None:
        """(the scope it stands in, the function) for a name of this file; None for others."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.functions:
                return scope, scope.functions[name]
            if name in scope.local:
                return None
            scope = scope.outer
        found = self.module.functions.get(name)
        return None if found is None else (None, found)


def own_nodes(function: Function | ast.Lambda) -> Iterator[ast.AST]:
    """All nodes of the body but those within nested functions; the nested functions themselves are given."""
    body: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    while body:
        node = body.pop(0)
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            body = [*ast.iter_child_nodes(node), *body]
