"""What every adapter of a port promises, one file a port, held on every stand of that port.

A promise is written in three parts, a line between: what is given, what is done, what is then so.
"""
