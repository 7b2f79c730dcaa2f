"""The GPU edge: a Celery worker whose child runs shifts."""
