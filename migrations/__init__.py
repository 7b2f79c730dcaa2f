"""The schema, step by step: expand, then contract."""
