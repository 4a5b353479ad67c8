"""Documents in, ScaledObjects out; every fault at once."""
