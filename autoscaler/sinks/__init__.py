"""Where records go: log, metrics, probes, state."""
