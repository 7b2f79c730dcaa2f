"""The catalog: which models there are, and what each can do."""
