"""A job's stream: what its worker tells those who watch it."""
