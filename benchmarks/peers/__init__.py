"""Engines that a Python user could embed instead, each written as its users would write the workload.

A module has `WORKLOADS`: a class for each workload that the engine can do, made of the policy's data, whose `decide`
takes the hand-written function's request and answers with the same words. An engine without tables is given its row,
looked up in a dict before: that is what its users do, and it is the kindest way to measure it.
"""

from __future__ import annotations

PEERS = {
    "zen-engine": "zen_engine",
    "cel-expr-python": "cel_cpp",
    "common-expression-language": "cel_rust",
    "cel-python": "cel_python",
    "panzi-json-logic": "json_logic",
    "rule-engine": "rule_engine",
}
"""The module of each distribution."""
WITH_TABLES = ("zen-engine",)
"""They search the rows themselves, so their time depends on how many there are."""
SIZE_MAX = {("zen-engine", "w2"): 100_000}
"""Above which size of a workload an engine takes minutes to load."""
