"""Real servers for tests, as plain processes on loopback: Prometheus, and a Kubernetes control plane.

Nothing is imported here, so that ``python -m tests.servers.install`` runs on a machine that has only Python.
"""
