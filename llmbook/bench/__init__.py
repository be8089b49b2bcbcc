"""Benchmarks against the library that the field uses: both sides in one process, by turns, so that only ratios count.

Imports, compilation and warm-up come before the clock starts. Each variant's figure is its best round: other work on
the machine only adds.
"""
