-- A tenant keeps its own keys, but no statement of the API can read the hash of a secret.
GRANT SELECT (
    id, tenant_id, name, scopes, created_at, expires_at, revoked_at, last_used_at,
    requests_per_minute
) ON api_keys TO atelier_api;
GRANT INSERT ON api_keys TO atelier_api;
GRANT UPDATE (expires_at, revoked_at) ON api_keys TO atelier_api;

GRANT SELECT, INSERT ON admin_acts TO atelier_admin;
GRANT USAGE ON SEQUENCE admin_acts_id_seq TO atelier_admin;
ALTER TABLE tenants ADD CONSTRAINT ck_tenants_rate CHECK (requests_per_minute > 0);
ALTER TABLE api_keys ADD CONSTRAINT ck_api_keys_rate CHECK (requests_per_minute > 0);

ALTER TABLE admin_acts ENABLE ROW LEVEL SECURITY;
ALTER TABLE admin_acts FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON admin_acts TO atelier_admin USING (true) WITH CHECK (true);

CREATE FUNCTION guard_admin_acts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of admin acts is append-only';
END
$$;
CREATE TRIGGER guard_admin_acts BEFORE UPDATE OR DELETE ON admin_acts
    FOR EACH ROW EXECUTE FUNCTION guard_admin_acts();

-- Says of a suspended tenant that it is, to who holds one of its keys; and notes that a key was
-- used, at most once a minute, so that a busy key is not written at each call. The function of
-- before stays for the code of before.
CREATE FUNCTION present_api_key(wanted_id text, wanted_hash bytea)
RETURNS TABLE (
    tenant_id text, scopes text[], is_suspended boolean, tenant_rpm integer, key_rpm integer
)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
AS $$
    WITH found AS (
        SELECT api_keys.id, api_keys.tenant_id, api_keys.scopes,
               tenants.suspended_at IS NOT NULL AS is_suspended,
               tenants.requests_per_minute AS tenant_rpm,
               api_keys.requests_per_minute AS key_rpm
        FROM api_keys JOIN tenants ON tenants.id = api_keys.tenant_id
        WHERE api_keys.id = wanted_id
          AND api_keys.secret_hash = wanted_hash
          AND api_keys.revoked_at IS NULL
          AND (api_keys.expires_at IS NULL OR api_keys.expires_at > now())
    ), used AS (
        UPDATE api_keys SET last_used_at = now()
        WHERE api_keys.id = (
            SELECT stale.id FROM api_keys AS stale JOIN found ON found.id = stale.id
            WHERE stale.last_used_at IS NULL OR stale.last_used_at < now() - interval '1 minute'
            FOR UPDATE OF stale SKIP LOCKED
        )
    )
    SELECT found.tenant_id, found.scopes, found.is_suspended, found.tenant_rpm, found.key_rpm
    FROM found
$$;
GRANT CREATE ON SCHEMA public TO atelier_admin;
ALTER FUNCTION present_api_key(text, bytea) OWNER TO atelier_admin;
REVOKE CREATE ON SCHEMA public FROM atelier_admin;
REVOKE ALL ON FUNCTION present_api_key(text, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION present_api_key(text, bytea) TO atelier_api;
