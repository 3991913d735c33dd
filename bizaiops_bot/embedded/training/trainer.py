"""Trains one version in a process of its own: `python -m bizaiops_bot.embedded.training.trainer JOB_FOLDER`.

The folder holds job.json, train.joblib and holdout.joblib; what comes out is the folder `artifact` and, last,
done.json. Progress goes to stdout, one line each, as `progress: words`. Standard input is the parent's sign of life:
when it closes, because the parent let go or was killed, the process ends by itself.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from bizaiops_bot.embedded.training.training import Job, Tables, train

ARTIFACT, DONE, JOB, TRAIN, HOLDOUT = "artifact", "done.json", "job.json", "train.joblib", "holdout.joblib"


def run_job(folder: Path) -> None:
    """Trains the job in `folder`; done.json appears only when everything else is in place."""
    import joblib

    job = Job.model_validate_json((folder / JOB).read_text(encoding="utf-8"))
    say(f"reading the rows of {job.model} {job.version}")
    rows, recent, reference = joblib.load(folder / TRAIN)
    model = train(job, Tables(rows, joblib.load(folder / HOLDOUT), recent, reference), say)
    digest = model.save(folder / ARTIFACT)
    done = {
        "digest": digest,
        "train_rows": model.train_rows,
        "train_seconds": round(model.train_seconds, 3),
        "metrics": model.metrics,
    }
    draft = folder / f".{DONE}.{os.getpid()}"
    draft.write_text(json.dumps(done), encoding="utf-8")
    draft.replace(folder / DONE)
    say(f"trained in {model.train_seconds:.1f} s")


def say(words: str) -> None:
    """One line of progress; ends the process when nobody listens any more."""
    try:
        sys.stdout.write(f"progress: {words}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(3)


def end_with_parent() -> None:
    """Ends this process as soon as standard input closes: the next bot on the folder begins the job again, alone."""

    def watch() -> None:
        # Not sys.stdin: its lock, held by a reading thread, breaks the interpreter's shutdown.
        while os.read(0, 64):
            pass
        os._exit(3)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()


if __name__ == "__main__":
    end_with_parent()
    os.nice(5)  # the bot, in the other process, answers people meanwhile
    run_job(Path(sys.argv[1]))
