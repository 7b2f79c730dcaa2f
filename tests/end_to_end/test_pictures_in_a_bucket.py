"""The whole service on a real S3 server: presigned links, and a deletion that leaves nothing."""

from pathlib import Path
from urllib.parse import urlsplit

from shared.config import Settings
from tests.servers import RunningS3
from tests.stack import run_stack


def test_a_picture_lives_in_the_bucket_until_its_job_is_deleted(
    s3_settings: Settings, s3_server: RunningS3, tmp_path: Path
) -> None:
    settings = s3_settings.model_copy(update={"lease_s": 15.0, "stall_s": 30.0})
    with run_stack(settings, tmp_path) as stack, stack.client() as client:
        job = stack.generate(client, num_images=2, num_inference_steps=2)
        link = job["images"][0]["url"]
        assert link.startswith(s3_server.endpoint)
        stored = stack.picture(job)
        assert len(stored) == job["images"][0]["bytes"]
        redirect = client.get(f"/v1/jobs/{job['id']}/images/1")
        assert redirect.status_code == 302
        assert urlsplit(redirect.headers["location"]).path == urlsplit(job["images"][1]["url"]).path
        proxied = client.get(f"/v1/jobs/{job['id']}/images/0?proxy=true")
        assert (proxied.content, proxied.headers["content-type"]) == (stored, "image/png")

        bucket = urlsplit(link).path.split("/")[1]
        store = s3_server.client()
        assert len(store.list_objects_v2(Bucket=bucket)["Contents"]) == 2
        assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
        assert "Contents" not in store.list_objects_v2(Bucket=bucket)
        assert client.get(f"/v1/jobs/{job['id']}").status_code == 404
