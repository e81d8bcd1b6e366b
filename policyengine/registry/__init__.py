"""The registry: immutable versions, which of them answers for whom and when, and a history that cannot be edited."""
