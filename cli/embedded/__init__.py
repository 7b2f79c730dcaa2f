"""Real PostgreSQL and Redis servers from wheels, started as plain child processes."""
