-- Who may do what. Processes become one of three roles for each transaction:
--   atelier_api     sees the rows of one tenant, the one in atelier.tenant_id
--   atelier_worker  runs, repairs and settles every tenant's jobs
--   atelier_admin   keeps tenants and keys
-- FORCE makes the owner obey too, so no path around the policies is left but a superuser.

GRANT USAGE ON SCHEMA public TO atelier_api, atelier_worker, atelier_admin;

GRANT SELECT ON jobs, images, usage_records, workers TO atelier_api;
GRANT INSERT, UPDATE, DELETE ON jobs TO atelier_api;
GRANT DELETE ON images TO atelier_api;
GRANT SELECT, INSERT, UPDATE ON idempotency_keys TO atelier_api;
GRANT INSERT ON usage_records, deletions TO atelier_api;
GRANT SELECT ON deletions TO atelier_api;

GRANT SELECT, UPDATE ON jobs TO atelier_worker;
GRANT SELECT, INSERT ON images, usage_records TO atelier_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON workers, pools, deletions TO atelier_worker;
GRANT SELECT, DELETE ON idempotency_keys TO atelier_worker;

GRANT SELECT, INSERT, UPDATE ON tenants, api_keys TO atelier_admin;
GRANT SELECT ON jobs, images, usage_records, workers, pools TO atelier_admin;

GRANT USAGE ON SEQUENCE deletions_id_seq TO atelier_api, atelier_worker;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'jobs', 'images', 'usage_records', 'idempotency_keys', 'deletions', 'api_keys'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant_rows ON %I TO atelier_api
               USING (tenant_id = (SELECT current_setting(''atelier.tenant_id'', true)))
               WITH CHECK (tenant_id = (SELECT current_setting(''atelier.tenant_id'', true)))',
            name);
        EXECUTE format(
            'CREATE POLICY every_row ON %I TO atelier_worker, atelier_admin
               USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON tenants TO atelier_admin USING (true) WITH CHECK (true);

-- Three reads cross tenants. Each belongs to the worker or admin role's view of the world and
-- answers only to what its caller already holds: a key's hash, a job's id, a checked link.
-- Their owner must itself pass the policies, so each becomes the role that does.

CREATE FUNCTION find_api_key(wanted_id text, wanted_hash bytea)
RETURNS TABLE (tenant_id text, scopes text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
    SELECT api_keys.tenant_id, api_keys.scopes
    FROM api_keys JOIN tenants ON tenants.id = api_keys.tenant_id
    WHERE api_keys.id = wanted_id
      AND api_keys.secret_hash = wanted_hash
      AND api_keys.revoked_at IS NULL
      AND (api_keys.expires_at IS NULL OR api_keys.expires_at > now())
      AND tenants.suspended_at IS NULL
$$;

CREATE FUNCTION ended_jobs(wanted text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
    SELECT wanted_id FROM unnest(wanted) AS wanted_id
    WHERE NOT EXISTS (
        SELECT FROM jobs WHERE jobs.id = wanted_id AND jobs.status IN ('queued', 'running')
    )
$$;

CREATE FUNCTION linked_image(wanted_id text)
RETURNS TABLE (key text, format text, sha256 text, size_bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
    SELECT images.key, images.format, images.sha256, images.size_bytes
    FROM images WHERE images.id = wanted_id
$$;

GRANT CREATE ON SCHEMA public TO atelier_admin, atelier_worker;
ALTER FUNCTION find_api_key(text, bytea) OWNER TO atelier_admin;
ALTER FUNCTION ended_jobs(text[]) OWNER TO atelier_worker;
ALTER FUNCTION linked_image(text) OWNER TO atelier_worker;
REVOKE CREATE ON SCHEMA public FROM atelier_admin, atelier_worker;

REVOKE ALL ON FUNCTION find_api_key(text, bytea), ended_jobs(text[]), linked_image(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(text, bytea), ended_jobs(text[]), linked_image(text)
    TO atelier_api;

-- Invariants that no code path may break, whoever writes.

ALTER TABLE jobs ADD CONSTRAINT ck_jobs_end CHECK
    ((status IN ('succeeded', 'failed', 'canceled')) = (finished_at IS NOT NULL));
ALTER TABLE jobs ADD CONSTRAINT ck_jobs_settled CHECK
    ((finished_at IS NOT NULL) = (cost_settled IS NOT NULL));
ALTER TABLE jobs ADD CONSTRAINT ck_jobs_lease CHECK
    ((status = 'running') = (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL));
ALTER TABLE jobs ADD CONSTRAINT ck_jobs_status CHECK
    (status IN ('queued', 'running', 'succeeded', 'failed', 'canceled'));
ALTER TABLE jobs ADD CONSTRAINT ck_jobs_cost CHECK
    (cost_reserved >= 0 AND cost_settled BETWEEN 0 AND cost_reserved);
ALTER TABLE usage_records ADD CONSTRAINT ck_usage_records_pixel_steps CHECK (pixel_steps >= 0);

CREATE FUNCTION guard_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finished_at IS NOT NULL THEN
        RAISE EXCEPTION 'job % has ended and cannot change', OLD.id;
    END IF;
    IF NEW.attempt < OLD.attempt OR NEW.lost_attempts < OLD.lost_attempts THEN
        RAISE EXCEPTION 'attempts of job % cannot decrease', OLD.id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard_job BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION guard_job();

CREATE FUNCTION guard_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only';
END
$$;
CREATE TRIGGER guard_usage BEFORE UPDATE OR DELETE ON usage_records
    FOR EACH ROW EXECUTE FUNCTION guard_usage();
