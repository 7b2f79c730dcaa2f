-- What 0002_access.sql changed outside its own table, as it was.

REVOKE DELETE ON deletions FROM atelier_api;

CREATE OR REPLACE FUNCTION linked_image(wanted_id text)
RETURNS TABLE (key text, format text, sha256 text, size_bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
    SELECT images.key, images.format, images.sha256, images.size_bytes
    FROM images WHERE images.id = wanted_id
$$;

ALTER TABLE jobs DROP CONSTRAINT ck_jobs_priority;
ALTER TABLE images DROP CONSTRAINT ck_images_kind;
