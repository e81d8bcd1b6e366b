"""The one look at this machine's clock; everything below is told the time, so that it can be told another one."""

from __future__ import annotations

import time

from policyengine.values.instant import Timestamp


def now() -> Timestamp:
    """The present instant."""
    return Timestamp(time.time_ns())
