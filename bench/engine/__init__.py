"""The engine alone: no database, no queue, no store."""
