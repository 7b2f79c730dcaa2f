"""The `atelier` command: starts the parts, talks to a running service. Imports every layer."""
