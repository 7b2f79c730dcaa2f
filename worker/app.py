"""The composition root of a worker's parent, for `celery --app=worker.app:app worker`.

The parent supervises and never imports torch; `worker.child` is the root of its child.
"""

from shared.config import Settings
from worker.make_app import make_worker_app

app = make_worker_app(Settings())
