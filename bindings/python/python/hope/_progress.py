"""How far a run is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OnProgress = Callable[[int, int], Any]

# Plain lines come at most this often.
_SOONEST = 1.0


@contextmanager
def shown(progress: bool | OnProgress | None, title: str) -> Iterator[OnProgress | None]:
    """What to call with the pieces done and their number; none, if nobody wants to know."""
    if progress is None or progress is False:
        yield None
    elif callable(progress):
        yield progress
    else:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            yield _lines(title)
            return
        with tqdm(desc=title, unit="chunk") as bar:

            def update(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield update


def _lines(title: str) -> OnProgress:
    last = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SOONEST or done == total:
            last = now
            print(f"{title}: {100 * done // max(total, 1):3d} %", file=sys.stderr, flush=True)

    return line
