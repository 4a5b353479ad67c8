"""Stand-ins that speak the real protocols on loopback, and a load over time."""
