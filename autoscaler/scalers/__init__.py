"""Triggers: what to ask, how to read the answer, and the one guarded sender."""
