"""The prometheus trigger."""
