"""The parent of a worker: what it imports, and what Celery is told."""

import json
import subprocess
import sys
from pathlib import Path

from shared.config import Settings, process_environment

ROOT = Path(__file__).parents[3]
# What Celery's command does in a parent before it starts a pool.
START_PARENT = """
import json, sys
from worker.app import app
app.finalize(); app.loader.import_default_modules()
names = ("worker_pool", "worker_pool_start_method", "worker_concurrency", "task_acks_late",
         "worker_disable_prefetch", "worker_cancel_long_running_tasks_on_connection_loss")
print(json.dumps({
    "tasks": [name for name in app.tasks if not name.startswith("celery.")],
    "heavy": sorted({"torch", "diffusers", "transformers", "PIL"} & sys.modules.keys()),
    "conf": {name: app.conf[name] for name in names},
    "maps": "torch" in open("/proc/self/maps").read(),
}))
"""


def test_the_parent_never_imports_torch(settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START_PARENT],
        env=process_environment(settings),
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    said = json.loads(done.stdout)
    assert said["tasks"] == ["worker.run_shift"]
    assert said["heavy"] == []
    assert not said["maps"]
    assert said["conf"] == {
        "worker_pool": "prefork",
        "worker_pool_start_method": "spawn",
        "worker_concurrency": 1,
        "task_acks_late": False,
        "worker_disable_prefetch": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
    }
