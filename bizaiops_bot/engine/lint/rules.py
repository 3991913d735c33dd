"""Looks through one function of a playbook: what is not the same after a restart, and which functions it leads to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bizaiops_bot.engine.lint.codes import BUILTINS, CODES, OF_A_PATH, PATH_CALLS, SEEDED, forbidden
from bizaiops_bot.engine.lint.source import Function, Scope, own_nodes

Mode = Literal["durable", "direct", "kept", "import"]
"""durable: taken up again after a restart; direct: answers at once; kept: its result is recorded as one; import: done
when the file is loaded.
"""
WAITS = frozenset({"step", "approve", "judge", "until", "notify"})
KEEPS = frozenset({*WAITS, "read", "undo"})
CALLED = {"read": 0, "step": 1, "undo": 1, "until": 1}  # place of what the engine calls itself
NO_ORDER = frozenset({"sorted", "set", "frozenset", "any", "all", "sum", "min", "max", "len", "dict"})
IN_ORDER = frozenset({"list", "tuple", "iter", "enumerate", "next", "map", "filter", "zip", "reversed", "str", "repr"})
CHANGERS = frozenset(
    {"append", "extend", "insert", "add", "update", "pop", "popitem", "remove", "discard", "clear", "setdefault"}
)
PARKING = frozenset({"BaseException", "GeneratorExit", "CancelledError"})
BROAD = frozenset({"Exception", "BotError", "Permanent"})


@dataclass(frozen=True)
class Reach:
    """A function of this file that is led to, and how it is carried out."""

    scope: Scope
    mode: Mode


class Look(ast.NodeVisitor):
    """One function, or the module's own statements. `found`: (code, node, name); `leads` and `imported`: what it calls
    or passes on.
    """

    def __init__(self, scope: Scope, mode: Mode) -> None:
        self._scope, self._mode = scope, mode
        self.found: list[tuple[str, ast.AST, str]] = []
        self.leads: list[Reach] = []
        self.imported: list[tuple[str, Mode]] = []

    def all(self) -> Look:
        """Visits the body."""
        node = self._scope.node
        if isinstance(node, ast.Module):
            for statement in node.body:
                self._import_time(statement)
            return self
        if isinstance(node, ast.Lambda):
            self.visit(node.body)
            return self
        for statement in node.body:
            self.visit(statement)
        if isinstance(node, ast.AsyncFunctionDef):
            self._generator(node)
        return self

    def _add(self, code: str, node: ast.AST, name: str = "") -> None:
        wanted = {"durable": True, "direct": CODES[code].everywhere, "kept": code == "P113"}
        if wanted.get(self._mode, code in ("P101", "P102", "P103", "P104")):
            self.found.append((code, node, name))

    # -- when the file is loaded -------------------------------------------------------------------

    def _import_time(self, statement: ast.stmt) -> None:
        if isinstance(statement, Function | ast.Import | ast.ImportFrom):
            return
        if isinstance(statement, ast.ClassDef):
            for inner in statement.body:
                self._import_time(inner)
            return
        for node in ast.walk(statement):
            if isinstance(node, ast.Call | ast.Subscript):
                used = node.func if isinstance(node, ast.Call) else node.value
                seeded = isinstance(node, ast.Call) and self._seeded(node)
                if not seeded:
                    self._name(used)

    # -- names -------------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._name(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self._name(node):
            self.visit(node.value)

    def _name(self, node: ast.expr) -> bool:
        """Whether the name has been dealt with as a whole."""
        scope = self._scope
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or self._is_local(root.id):
            return self._clock(node)
        dotted = scope.module.dotted(node)
        if dotted is None:
            if isinstance(node, ast.Name):
                self._own_name(node)
            return self._clock(node)
        if code := forbidden(dotted):
            self._add(code, node, dotted)
        else:
            self._lead_imported(dotted)
        return True

    def _is_local(self, name: str) -> bool:
        scope: Scope | None = self._scope
        while scope is not None:
            if name in scope.local:
                return True
            scope = scope.outer
        return False

    def _clock(self, node: ast.expr) -> bool:
        if self._scope.port(node) in ("clock.now", "clock.sleep_until") and self._mode == "durable":
            self._add("P101", node, ast.unparse(node))
            return True
        return False

    def _own_name(self, node: ast.Name) -> None:
        found = self._scope.function(node.id)
        if found is not None:
            self._lead(found[0], found[1], self._mode)
        elif node.id in self._scope.module.classes:
            self._lead_class(self._scope.module.classes[node.id], self._scope)
        elif node.id in BUILTINS:
            self._add(BUILTINS[node.id], node, f"{node.id}()")

    # -- other functions ---------------------------------------------------------------------------

    def _lead(self, outer: Scope | None, function: Function | ast.Lambda, mode: Mode) -> None:
        self.leads.append(Reach(Scope(self._scope.module, function, outer), mode))

    def _lead_class(self, owner: ast.ClassDef, scope: Scope) -> None:
        for method in owner.body:
            if isinstance(method, Function):
                self.leads.append(Reach(Scope(scope.module, method), self._mode))

    def _lead_imported(self, dotted: str) -> None:
        self.imported.append((dotted, self._mode))

    # -- calls -------------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> None:
        if self._seeded(node):
            self._visit_all(node.args)
            return
        deed = self._scope.run_call(node)
        if deed in KEEPS and self._mode == "kept":
            self._add("P113", node, f"run.{deed}")
        port = self._scope.port(node.func)
        if port is not None and "." in port and not port.startswith("clock."):
            self._add("P106", node, ast.unparse(node.func))
        self._set_order(node)
        self._changes(node)
        for place, value in self._parts(node):
            if deed in CALLED and place in (CALLED[deed], "do", "ready", "detail"):
                self._kept(value)
            elif not (isinstance(value, ast.GeneratorExp) and self._named(node) in NO_ORDER):
                self.visit(value)
            else:
                self._visit_all(ast.iter_child_nodes(value))

    def _parts(self, node: ast.Call) -> Iterator[tuple[int | str | None, ast.AST]]:
        if self._scope.port(node.func) is None or self._scope.port(node.func) in ("clock.now", "clock.sleep_until"):
            yield None, node.func
        yield from enumerate(node.args)
        yield from ((keyword.arg, keyword.value) for keyword in node.keywords)

    def _seeded(self, node: ast.Call) -> bool:
        return bool(node.args) and self._scope.module.dotted(node.func) in SEEDED

    @staticmethod
    def _named(node: ast.Call) -> str:
        return node.func.id if isinstance(node.func, ast.Name) else ""

    def _visit_all(self, nodes: Iterator[ast.AST] | list[ast.expr]) -> None:
        for node in nodes:
            self.visit(node)

    def _kept(self, value: ast.AST) -> None:
        """What the engine itself calls, and records as one result."""
        if isinstance(value, ast.Lambda):
            self._lead(self._scope, value, "kept")
        elif isinstance(value, ast.Name) and (found := self._scope.function(value.id)) is not None:
            self._lead(found[0], found[1], "kept")
        elif isinstance(value, ast.Name | ast.Attribute):
            if (dotted := self._scope.module.dotted(value)) is not None:
                self.imported.append((dotted, "kept"))
        else:
            self.visit(value)

    def _changes(self, node: ast.Call) -> None:
        if not isinstance(node.func, ast.Attribute):
            return
        if node.func.attr in PATH_CALLS:
            self._add("P104", node, f".{node.func.attr}()")
        elif node.func.attr in OF_A_PATH and self._makes_path(node.func.value):
            self._add("P104", node, f"Path.{node.func.attr}()")
        elif node.func.attr in CHANGERS:
            self._module_state(node.func.value)
        if node.func.attr == "pop" and not node.args:
            self._in_order(node.func.value)

    def _makes_path(self, node: ast.expr) -> bool:
        """`Path`, `Path(...)` and `Path(...) / name`."""
        while isinstance(node, ast.BinOp):
            node = node.left
        return self._scope.module.dotted(node.func if isinstance(node, ast.Call) else node) == "pathlib.Path"

    # -- sets --------------------------------------------------------------------------------------

    def _set_order(self, node: ast.Call) -> None:
        joins = isinstance(node.func, ast.Attribute) and node.func.attr == "join"
        if joins or self._named(node) in IN_ORDER:
            for value in node.args:
                self._in_order(value)

    def _in_order(self, value: ast.expr) -> None:
        if self._scope.is_set(value):
            self._add("P107", value)

    def visit_For(self, node: ast.For) -> None:
        self._in_order(node.iter)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self._in_order(node.value)
        self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        self._in_order(node.value)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node, node.generators)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node, node.generators)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node, node.generators)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node, [])

    def _comprehension(self, node: ast.expr, generators: list[ast.comprehension]) -> None:
        for generator in generators:
            self._in_order(generator.iter)
        inside = [deed for child in ast.walk(node) if (deed := self._scope.run_call(child)) in WAITS]
        if inside:
            self._add("P112", node, f"run.{inside[0]}")
        self.generic_visit(node)

    def _generator(self, node: ast.AsyncFunctionDef) -> None:
        nodes = list(own_nodes(node))
        inside = [deed for child in nodes if (deed := self._scope.run_call(child)) in WAITS]
        managed = any("contextmanager" in ast.unparse(d) for d in node.decorator_list)
        if inside and not managed and any(isinstance(child, ast.Yield) for child in nodes):
            self._add("P112", node, f"run.{inside[0]}")

    # -- state of the module -----------------------------------------------------------------------

    def visit_Global(self, node: ast.Global) -> None:
        self._add("P109", node, ", ".join(node.names))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._module_state(node.value)
        self.generic_visit(node)

    def _module_state(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name) and node.id in self._scope.module.variables and not self._is_local(node.id):
            self._add("P109", node, node.id)

    # -- errors ------------------------------------------------------------------------------------

    def visit_Try(self, node: ast.Try) -> None:
        self._try(node)

    def visit_TryStar(self, node: ast.TryStar) -> None:
        self._try(node)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        for handler in node.handlers:
            names = self._caught(handler.type)
            if handler.type is None or names & PARKING:
                self._add("P110", handler, "except:" if handler.type is None else f"except {', '.join(sorted(names))}")
            elif names & BROAD and self._asks(node.body) and not _raises(handler):
                self._add("P114", handler, f"except {', '.join(sorted(names))}")
        for statement in node.finalbody:
            if any(isinstance(n, ast.Await | ast.AsyncWith | ast.AsyncFor) for n in ast.walk(statement)):
                self._add("P111", statement)
                break
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and self._scope.module.dotted(call.func) == "contextlib.suppress":
                names = {name for kind in call.args for name in self._caught(kind)}
                words = f"suppress({', '.join(sorted(names))})"
                if names & PARKING:
                    self._add("P110", call, words)
                elif names & BROAD and self._asks(node.body):
                    self._add("P114", call, words)
        self.generic_visit(node)

    def _caught(self, kind: ast.expr | None) -> set[str]:
        kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind] if kind is not None else []
        return {ast.unparse(k).rsplit(".", 1)[-1] for k in kinds}

    def _asks(self, body: list[ast.stmt]) -> bool:
        return any(self._scope.run_call(node) == "approve" for statement in body for node in ast.walk(statement))

    # -- what is not looked into -------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Looked at where it is called or passed on."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Looked at where it is called or passed on."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
