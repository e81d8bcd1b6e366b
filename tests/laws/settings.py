"""How much is drawn: little in CI, the same each time; much when it is asked for."""

from hypothesis import HealthCheck, settings

QUICK = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
