-- What 0004_access.sql changed outside its own table, as it was.

ALTER TABLE tenants DROP CONSTRAINT ck_tenants_quota;
DROP POLICY own_row ON tenants;
REVOKE SELECT (id, monthly_quota, requests_per_minute) ON tenants FROM atelier_api;
