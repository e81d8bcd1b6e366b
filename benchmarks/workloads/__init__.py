"""The workloads of `benchmarks/decisions.py`: their data, the bundles made of it, and hand-written functions."""
