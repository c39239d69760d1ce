"""Tracking from outside: real MLflow clients, the plugin, and the `hitchpost model-registry` server."""
