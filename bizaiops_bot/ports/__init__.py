"""What the bot needs, by capability. Adapters keep these promises; tests/contract holds every adapter to them.

Writes carry `key`: the same key changes nothing twice. A write returns what the outside reports afterwards, not what
was asked for.
Reads of an empty window return `NoData`, never an invented value. Adapters raise `Temporary` or `Permanent`, no
vendor error.
"""
