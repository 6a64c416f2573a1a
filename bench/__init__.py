"""Benchmarks: the product beside honest hand-written code, in one run. See docs/performance.md."""
