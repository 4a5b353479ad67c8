"""The loop: whose turn it is, one tick, the daemon around it."""
