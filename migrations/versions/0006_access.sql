GRANT SELECT, INSERT ON retry_attachments TO atelier_api;
GRANT SELECT ON retry_attachments TO atelier_worker, atelier_admin;
ALTER TABLE retry_attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE retry_attachments FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON retry_attachments TO atelier_api
    USING (tenant_id = (SELECT current_setting('atelier.tenant_id', true)))
    WITH CHECK (tenant_id = (SELECT current_setting('atelier.tenant_id', true)));
CREATE POLICY every_row ON retry_attachments TO atelier_worker, atelier_admin
    USING (true) WITH CHECK (true);
