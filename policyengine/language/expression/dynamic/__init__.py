"""Expressions whose types nobody declared: planned from the tree, run over exact values, charged as they run."""
