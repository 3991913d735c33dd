"""Why the carrying out of a run ends before the run does. None of them is an error of the playbook, so that no
`except Exception` in one takes them for one.
"""

from __future__ import annotations


class Halt(BaseException):
    """The run goes on later, from its journal."""


class Parked(Halt):
    """It waits for people; nobody has to hold it meanwhile."""


class Superseded(Halt):
    """Another worker carries it out, or its plan was changed: this one has no say any more."""


class Interrupted(Halt):
    """The bot's own database could not be used; it is tried again."""
