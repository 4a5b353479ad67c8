"""Deciding: pure functions from what was seen to a number. No clock, no I/O."""
