"""With whom owners share their cars, and what that opens here."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, enable_row_security, grant_api, grant_worker

revision = "0004"
down_revision = "0003"

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
CREATE INDEX car_access_by_car ON car_access (car_id);
CREATE INDEX car_access_by_owner ON car_access (owner_id);
COMMENT ON TABLE car_access IS 'Read model of owners.access.';
COMMENT ON COLUMN car_access.owner_id IS 'who granted it: it opens only what is this owner''s';
COMMENT ON COLUMN car_access.ended IS 'for good: no late event brings it back';
COMMENT ON COLUMN car_access.sequence IS 'of the newest event that is applied'
"""

IN_FORCE = """
CREATE VIEW access_in_force WITH (security_invoker = true) AS
SELECT car_id, owner_id, user_id, role FROM car_access
WHERE NOT ended AND (expires_at IS NULL OR expires_at > now())
"""

# These two look past row-level security, because their answers are what the policies are made of. They tell a caller
# about nobody else, and their search path is pinned.
FUNCTIONS = (
    f"""
CREATE FUNCTION shared_with_caller() RETURNS TABLE (car_id uuid, owner_id uuid, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.car_id, a.owner_id, a.role FROM public.access_in_force a WHERE a.user_id = {CURRENT_USER_ID}
$$
    """,
    """
CREATE FUNCTION caller_shares_order(work_order uuid, managing boolean) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.work_order o JOIN public.shared_with_caller() s USING (car_id, owner_id)
        WHERE o.id = work_order AND (s.role = 'manager' OR NOT managing))
$$
    """,
    "REVOKE EXECUTE ON FUNCTION shared_with_caller(), caller_shares_order(uuid, boolean) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION shared_with_caller(), caller_shares_order(uuid, boolean) TO workorders_api",
)

SHARED = "(car_id, owner_id) IN (SELECT s.car_id, s.owner_id FROM shared_with_caller() s)"
MANAGED = "(car_id, owner_id) IN (SELECT s.car_id, s.owner_id FROM shared_with_caller() s WHERE s.role = 'manager')"
# The first half is what an index can answer: without it a list would read every order there is.
SHARED_ORDER = f"car_id = ANY (ARRAY(SELECT s.car_id FROM shared_with_caller() s)) AND {SHARED}"
PARTS = ("job", "labor_line", "product_line", "estimate", "estimate_outcome", "decision", "status_history")
ANSWERED_BY_MANAGER = ("decision", "estimate_outcome", "status_history")

# One's own; and those of colleagues, for cars that the center is linked to: whose car it is makes an order a related
# party's. The policies of car_link and employee apply.
OWN_OR_COLLEAGUES = f"""
user_id = {CURRENT_USER_ID} OR (
    EXISTS (SELECT FROM car_link l WHERE l.car_id = car_access.car_id)
    AND EXISTS (SELECT FROM employee e WHERE e.user_id = car_access.user_id))
"""


def upgrade() -> None:
    for statement in (*TABLES.split(";\n"), IN_FORCE, *FUNCTIONS):
        op.execute(statement)
    grant_api(op, "workorders", "car_access", "SELECT")
    grant_api(op, "workorders", "access_in_force", "SELECT")
    grant_worker(op, "workorders", "car_access", "SELECT, INSERT, UPDATE")
    enable_row_security(op, "car_access", "api", "workorders_api", OWN_OR_COLLEAGUES)
    op.execute("CREATE POLICY worker ON car_access TO workorders_worker USING (true)")
    # Beside the policy `api` of each table. PostgreSQL asks the policies in the reverse order of their names, so that
    # the center's staff and the car's owner, for whom `api` is enough, pay nothing for these.
    policy("work_order", "access", "SELECT", using=SHARED_ORDER)
    policy("snapshot", "access", "SELECT", using=SHARED)
    for table in PARTS:
        policy(table, "access", "SELECT", using="caller_shares_order(work_order_id, false)")
    # What an answer to an estimate writes.
    policy("work_order", "access_managing", "UPDATE", using=MANAGED)
    policy("job", "access_managing", "UPDATE", using="caller_shares_order(work_order_id, true)")
    for table in ANSWERED_BY_MANAGER:
        policy(table, "access_managing", "INSERT", check="caller_shares_order(work_order_id, true)")


def policy(table: str, name: str, command: str, *, using: str | None = None, check: str | None = None) -> None:
    statement = f"CREATE POLICY {name} ON {table} FOR {command} TO workorders_api"
    if using is not None:
        statement += f" USING ({using})"
    if check is not None:
        statement += f" WITH CHECK ({check})"
    op.execute(statement)
