"""Servers that speak one language: a JSON `Ask` to `/generate`, a JSON `Answer` back."""
