"""Benchmarks: `make bench`. Timings live here and never in tests."""
