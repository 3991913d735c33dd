"""`python -m examples.serving_stand --port 8700 --state stand.json`: serves until it is told to stop."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

from examples.serving_stand.company import Company
from examples.serving_stand.server import Stand


def main() -> None:
    given = argparse.ArgumentParser(prog="serving_stand", description="A small serving system with a registry.")
    given.add_argument("--host", default="127.0.0.1")
    given.add_argument("--port", type=int, default=8700)
    given.add_argument("--state", type=Path, help="file that keeps services, versions and keys; none: nothing is kept")
    given.add_argument("--environment", default="production")
    given.add_argument("--models", default="churn,demand", help="with commas between them")
    given.add_argument("--rate", type=int, default=100, help="requests a second for each model")
    asked = given.parse_args()
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before any thread: all of them leave it to the wait below
    company = Company(asked.models.split(","), asked.environment, asked.state)
    token = os.environ.get("SERVING_STAND_TOKEN", "")
    stand = Stand(company, asked.host, asked.port, rate=asked.rate, token=token)
    stand.start()
    signal.sigwait(signals)
    stand.stop()


main()
