"""Where in a document a value lies: JSON by GJSON paths, YAML by dotted ones, Prometheus text by a selector. Pure."""
