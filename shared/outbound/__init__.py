"""Calls to addresses that callers name."""
