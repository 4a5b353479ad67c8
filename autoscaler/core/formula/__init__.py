"""``scalingModifiers``: a parsed formula to one composite sample, without ``eval`` and within a budget (S11)."""
