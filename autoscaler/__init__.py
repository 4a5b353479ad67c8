"""A standalone autoscaler for Kubernetes: KEDA's ScaledObjects, one loop, every decision explained."""

__version__ = "0.1.0"
