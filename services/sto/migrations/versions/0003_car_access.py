"""With whom owners share their cars, and what that opens here."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, enable_row_security, grant_api, grant_worker

revision = "0003"
down_revision = "0002"

TABLES = """
CREATE TABLE car_access (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    expires_at timestamptz,
    ended boolean NOT NULL,
    sequence bigint NOT NULL
);
CREATE INDEX car_access_by_user ON car_access (user_id, car_id);
CREATE INDEX car_access_by_owner ON car_access (owner_id);
COMMENT ON TABLE car_access IS 'Read model of owners.access.';
COMMENT ON COLUMN car_access.owner_id IS 'who granted it: it opens only what is this owner''s';
COMMENT ON COLUMN car_access.ended IS 'for good: no late event brings it back'
"""

IN_FORCE = """
CREATE VIEW access_in_force WITH (security_invoker = true) AS
SELECT car_id, owner_id, user_id, role FROM car_access
WHERE NOT ended AND (expires_at IS NULL OR expires_at > now())
"""

# It looks past row-level security, as `centers_of_caller` does, and tells a caller about nobody else.
FUNCTIONS = (
    f"""
CREATE FUNCTION shared_with_caller() RETURNS TABLE (car_id uuid, owner_id uuid, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.car_id, a.owner_id, a.role FROM public.access_in_force a WHERE a.user_id = {CURRENT_USER_ID}
$$
    """,
    "REVOKE EXECUTE ON FUNCTION shared_with_caller() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION shared_with_caller() TO sto_api",
)

SHARED = "(car_id, owner_id) IN (SELECT s.car_id, s.owner_id FROM shared_with_caller() s)"
MANAGED = "(car_id, owner_id) IN (SELECT s.car_id, s.owner_id FROM shared_with_caller() s WHERE s.role = 'manager')"
LINKED_TO_SHARED = (
    "id IN (SELECT l.center_id FROM car_link l JOIN shared_with_caller() s "
    "ON s.car_id = l.car_id AND s.owner_id = l.owner_id)"
)


def upgrade() -> None:
    for statement in (*TABLES.split(";\n"), IN_FORCE, *FUNCTIONS):
        op.execute(statement)
    grant_api(op, "sto", "car_access", "SELECT")
    grant_api(op, "sto", "access_in_force", "SELECT")
    grant_worker(op, "sto", "car_access", "SELECT, INSERT, UPDATE")
    enable_row_security(op, "car_access", "api_select", "sto_api", f"user_id = {CURRENT_USER_ID}")
    op.execute("CREATE POLICY worker ON car_access TO sto_worker USING (true)")
    op.execute(f"CREATE POLICY access ON car_link FOR SELECT TO sto_api USING ({SHARED})")
    op.execute(f"CREATE POLICY access_managing ON car_link FOR UPDATE TO sto_api USING ({MANAGED})")
    # As its owner, who shares a car sees the center behind each link, approved or not.
    op.execute(f"CREATE POLICY access ON service_center FOR SELECT TO sto_api USING ({LINKED_TO_SHARED})")
