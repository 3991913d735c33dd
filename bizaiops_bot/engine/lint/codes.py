"""What the lint looks for: every code with what is wrong and what to do instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """everywhere: also in playbooks that answer at once; the others matter only where a run is taken up again."""

    id: str
    what: str
    do: str
    everywhere: bool = False


_ALL = (
    Code("P100", "the file or the exception cannot be read", "Mend it, or give the reason after `allow(...)`.", True),
    Code(
        "P101",
        "the clock is read directly: after a restart it is another time",
        "Read it once: `async def tell(): return run.clock.now()` and `await run.read(tell)`.",
        True,
    ),
    Code("P102", "chance differs after a restart", "Draw it within `run.read`, or seed it with `run.id`."),
    Code("P103", "the environment differs between workers and restarts", "Make it an input of the playbook.", True),
    Code(
        "P104",
        "the outside is used without a port: unlimited in time, not recorded, not in the plan",
        "Put it into a port's adapter and call that by `run.read` or `run.step`.",
        True,
    ),
    Code(
        "P105",
        "its own waiting or concurrency is not recorded, and ends with the process",
        "Wait with `run.until`; do one step after the other.",
    ),
    Code(
        "P106",
        "a port is called directly: its answer is not recorded, so a restart does or reads it again",
        "`await run.read(port.method, ...)` to look, `await run.step(name, port.method, ...)` to change.",
    ),
    Code("P107", "the order of a set differs between processes", "Go through `sorted(...)` of it."),
    Code("P108", "id() and hash() differ between processes", "Compare or sort by a value of your own."),
    Code(
        "P109",
        "state of the module is changed: another worker, or a restart, does not have it",
        "Keep it in local variables or in a port.",
        True,
    ),
    Code(
        "P110",
        "this also catches what parks a waiting run",
        "Catch `Exception` or narrower; `run.undo` takes things back.",
    ),
    Code(
        "P111",
        "`finally` is also run each time a waiting run is parked",
        "Take things back with `run.undo`, or do it after the `try`.",
    ),
    Code("P112", "a step within a comprehension or generator", "Write a `for` loop, with one step after the other."),
    Code(
        "P113",
        "a step or read within what `run.until`, `run.read` or `run.step` calls: that is recorded as one result",
        "Call the port directly there, or do it before.",
    ),
    Code(
        "P114",
        "this also catches a rejection: the run would go on unapproved",
        "Ask for the approval outside of the `try`, or catch a narrower error.",
    ),
)
CODES = {code.id: code for code in _ALL}

# Dotted names, or their beginnings when they end in a dot.
FORBIDDEN = {
    "datetime.datetime.now": "P101",
    "datetime.datetime.utcnow": "P101",
    "datetime.datetime.today": "P101",
    "datetime.date.today": "P101",
    "time.": "P101",
    "random.": "P102",
    "secrets.": "P102",
    "uuid.uuid1": "P102",
    "uuid.uuid4": "P102",
    "numpy.random.": "P102",
    "os.urandom": "P102",
    "os.environ": "P103",
    "os.getenv": "P103",
    "os.getpid": "P103",
    "os.cpu_count": "P103",
    "sys.argv": "P103",
    "platform.": "P103",
    "getpass.": "P103",
    "subprocess.": "P104",
    "socket.": "P104",
    "requests.": "P104",
    "httpx.": "P104",
    "aiohttp.": "P104",
    "urllib.request.": "P104",
    "http.client.": "P104",
    "shutil.": "P104",
    "tempfile.": "P104",
    "sqlite3.": "P104",
    "io.open": "P104",
    "os.listdir": "P104",
    "os.scandir": "P104",
    "os.remove": "P104",
    "os.unlink": "P104",
    "os.mkdir": "P104",
    "os.makedirs": "P104",
    "os.rename": "P104",
    "os.replace": "P104",
    "os.system": "P104",
    "os.popen": "P104",
    "os.stat": "P104",
    "os.path.exists": "P104",
    "os.path.isfile": "P104",
    "os.path.getmtime": "P104",
    "asyncio.": "P105",
    "threading.": "P105",
    "concurrent.futures.": "P105",
    "multiprocessing.": "P105",
    "anyio.": "P105",
}
HARMLESS = frozenset({"asyncio.CancelledError", "asyncio.TimeoutError", "asyncio.iscoroutinefunction"})
SEEDED = frozenset({"random.Random", "numpy.random.default_rng"})
PATH_CALLS = frozenset({"read_text", "read_bytes", "write_text", "write_bytes"})
# Only where the path is made in the same expression: other things have methods of these names.
OF_A_PATH = frozenset(
    {
        "open",
        "exists",
        "is_file",
        "is_dir",
        "iterdir",
        "glob",
        "rglob",
        "stat",
        "mkdir",
        "unlink",
        "rename",
        "replace",
        "touch",
        "resolve",
        "home",
        "cwd",
    }
)
BUILTINS = {"open": "P104", "input": "P104", "id": "P108", "hash": "P108"}


def forbidden(dotted: str) -> str | None:
    """The code for using that name."""
    if dotted in HARMLESS:
        return None
    parts = dotted.split(".")
    beginnings = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
    found = (FORBIDDEN.get(b) or (FORBIDDEN.get(f"{b}.") if b != dotted else None) for b in beginnings)
    return next((code for code in found if code), None)
