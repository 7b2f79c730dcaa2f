-- A tenant's own quota can be read by its calls, and no more of the tenant.
GRANT SELECT (id, monthly_quota, requests_per_minute) ON tenants TO atelier_api;
CREATE POLICY own_row ON tenants TO atelier_api
    USING (id = (SELECT current_setting('atelier.tenant_id', true)));

GRANT SELECT, INSERT ON accounts TO atelier_api, atelier_worker, atelier_admin;
GRANT UPDATE (reserved, used) ON accounts TO atelier_api, atelier_worker;
GRANT UPDATE (topped_up) ON accounts TO atelier_admin;
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON accounts TO atelier_api
    USING (tenant_id = (SELECT current_setting('atelier.tenant_id', true)))
    WITH CHECK (tenant_id = (SELECT current_setting('atelier.tenant_id', true)));
CREATE POLICY every_row ON accounts TO atelier_worker, atelier_admin
    USING (true) WITH CHECK (true);

ALTER TABLE accounts ADD CONSTRAINT ck_accounts_amounts CHECK
    (reserved >= 0 AND used >= 0 AND topped_up >= 0);
ALTER TABLE tenants ADD CONSTRAINT ck_tenants_quota CHECK (monthly_quota >= 0);
