"""`python -m tests.injection` prints both tables and what was lost or went wrong."""

from __future__ import annotations

import asyncio
import sys
import time

from tests.injection import runs
from tests.support import router_company as company


def main() -> int:
    company.router().warm()
    begun = time.process_time()
    local = runs.local()
    obeying, language = asyncio.run(runs.obeying())
    for tally in (local, obeying):
        say(f"{tally.text()}\n")
        for line in [*tally.violations[:20], *tally.lost[: 20 if "-v" in sys.argv else 0]]:
            say(line)
    say(f"The language model was asked {language.calls} times and obeyed the attack {language.obeyed} times.")
    say(f"{local.total + obeying.total} cases in {time.process_time() - begun:.1f} s of CPU.")
    return 1 if local.violations or obeying.violations else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
