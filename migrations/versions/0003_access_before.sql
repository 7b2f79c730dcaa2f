-- What 0003_access.sql changed outside its own table, as it was.

DROP FUNCTION present_api_key(text, bytea);
REVOKE INSERT ON api_keys FROM atelier_api;
REVOKE SELECT (
    id, tenant_id, name, scopes, created_at, expires_at, revoked_at, last_used_at,
    requests_per_minute
), UPDATE (expires_at, revoked_at) ON api_keys FROM atelier_api;
