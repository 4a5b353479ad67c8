"""Tools that make the documentation from the code."""
