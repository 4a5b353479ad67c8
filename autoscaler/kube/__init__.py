"""The API server: scale subresources, discovery, nothing else."""
