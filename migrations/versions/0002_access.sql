-- Who may do what with input pictures. UPDATE lets the API lock the rows that a job will need;
-- it writes none of their columns.

GRANT SELECT, INSERT, UPDATE, DELETE ON assets TO atelier_api;
GRANT SELECT ON assets TO atelier_worker, atelier_admin;

-- A submission that stores pictures notes their removal first and strikes the note as it commits.
GRANT DELETE ON deletions TO atelier_api;

ALTER TABLE assets ENABLE ROW LEVEL SECURITY;
ALTER TABLE assets FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON assets TO atelier_api
    USING (tenant_id = (SELECT current_setting('atelier.tenant_id', true)))
    WITH CHECK (tenant_id = (SELECT current_setting('atelier.tenant_id', true)));
CREATE POLICY every_row ON assets TO atelier_worker, atelier_admin
    USING (true) WITH CHECK (true);

-- Signed links serve both kinds of pictures; their ids cannot be mistaken for one another.
CREATE OR REPLACE FUNCTION linked_image(wanted_id text)
RETURNS TABLE (key text, format text, sha256 text, size_bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
    SELECT images.key, images.format, images.sha256, images.size_bytes
    FROM images WHERE images.id = wanted_id
    UNION ALL
    SELECT assets.key, 'png', assets.sha256, assets.size_bytes
    FROM assets WHERE assets.id = wanted_id
$$;

ALTER TABLE jobs ADD CONSTRAINT ck_jobs_priority CHECK (priority BETWEEN 0 AND 2);
ALTER TABLE images ADD CONSTRAINT ck_images_kind CHECK
    (kind IN ('image', 'contact-sheet', 'animation'));
ALTER TABLE assets ADD CONSTRAINT ck_assets_size CHECK
    (width_px > 0 AND height_px > 0 AND size_bytes > 0);
