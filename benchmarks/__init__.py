"""Ratios, calls and memory, each with its bound: `python -m benchmarks [--size small|full]`. Never timed tests."""
