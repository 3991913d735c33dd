"""One thread for scikit-learn: on a machine that has other work its threads wait for each other far longer than they
compute.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


def one_thread() -> AbstractContextManager[Any]:
    """Within the block, OpenMP and BLAS of the calling thread use one thread. Measured: a 0.8 s fit took 15 s
    without it on a busy machine.
    """
    limiter: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limiter


@cache
def _controller() -> Any:
    """Looking for the loaded libraries takes some ms, so it is done once, after scikit-learn (which loads them) is
    there.
    """
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
