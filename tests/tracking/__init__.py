"""Tracking from outside: real MLflow clients, the plugin, and `hitchpost model-registry`."""
