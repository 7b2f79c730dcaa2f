"""Bundled models and the recipes that made them."""
