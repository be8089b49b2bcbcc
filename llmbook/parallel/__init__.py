"""Parallelism over processes: who sits where, what is sent, and what is saved (chapter 4)."""
