"""Who may touch which rows: grants and row-level security of the api and worker roles."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, enable_row_security, grant, grant_api, grant_worker

revision = "0003"
down_revision = "0002"

# It looks past row-level security, because its answer is what the policies are made of: a policy of `employee` that
# asked `employee` would ask itself. It tells a caller about nobody else, and its search path is pinned.
CENTERS_OF_CALLER = (
    f"""
CREATE FUNCTION centers_of_caller() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT center_id FROM public.employee WHERE user_id = {CURRENT_USER_ID} AND active
$$
    """,
    "REVOKE EXECUTE ON FUNCTION centers_of_caller() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION centers_of_caller() TO workorders_api",
)

OF_OWN_CENTER = "center_id = ANY (ARRAY(SELECT centers_of_caller()))"
OF_OWN_CENTER_OR_CAR = f"{OF_OWN_CENTER} OR owner_id = {CURRENT_USER_ID}"
LINKED_TO_OWN_CENTER = "EXISTS (SELECT FROM car_link l WHERE l.car_id = {table}.id)"  # the policy of car_link applies

CHANGING = (
    "status, version, sequence, related_party, estimate_version, tolerance_minor, submitted_for_check_by, closed_at"
)
LINE_CHANGING = "discount_minor, order_discount_minor, tax_percent, next_service_km, next_service_months"
PARTS = {
    "job": "title, status, authorised_version",
    "labor_line": f"operation, hours, rate, mechanic_id, {LINE_CHANGING}",
    "product_line": (f"kind, name, sku, quantity, unit, price, batch, warranty, customer_supplied, {LINE_CHANGING}"),
}
RECORDS = ("estimate", "estimate_outcome", "decision", "status_history", "snapshot")
READ_MODELS = ("center", "employee", "car_link", "car", "car_odometer")

POLICIES = {
    "work_order": OF_OWN_CENTER_OR_CAR,
    **dict.fromkeys((*PARTS, *RECORDS), OF_OWN_CENTER_OR_CAR),
    "order_counter": OF_OWN_CENTER,
    "employee": f"{OF_OWN_CENTER} OR user_id = {CURRENT_USER_ID}",
    "car_link": OF_OWN_CENTER_OR_CAR,
    "car": f"owner_id = {CURRENT_USER_ID} OR {LINKED_TO_OWN_CENTER.format(table='car')}",
    "car_odometer": LINKED_TO_OWN_CENTER.format(table="car_odometer"),
}
"""A center itself is public, as at its own service."""


def upgrade() -> None:
    for statement in CENTERS_OF_CALLER:
        op.execute(statement)
    grant(op, "workorders")
    _grant_to_api()
    _grant_to_worker()
    for table, visible in POLICIES.items():
        enable_row_security(op, table, "api", "workorders_api", visible, visible)
        op.execute(f"CREATE POLICY worker ON {table} TO workorders_worker USING (true)")


def _grant_to_api() -> None:
    grant_api(op, "workorders", "work_order", f"SELECT, INSERT, UPDATE ({CHANGING})")
    grant_api(op, "workorders", "order_counter", "SELECT, INSERT, UPDATE (last_number)")
    for table, changing in PARTS.items():
        grant_api(op, "workorders", table, f"SELECT, INSERT, DELETE, UPDATE ({changing})")
    for table in RECORDS:
        grant_api(op, "workorders", table, "SELECT, INSERT")
    for table in READ_MODELS:
        grant_api(op, "workorders", table, "SELECT")


def _grant_to_worker() -> None:
    """Consumers keep the read models; a timer lets estimates run out."""
    for table in READ_MODELS:
        grant_worker(op, "workorders", table, "SELECT, INSERT, UPDATE")
    grant_worker(op, "workorders", "work_order", f"SELECT, UPDATE ({CHANGING})")
    grant_worker(op, "workorders", "job", "SELECT, UPDATE (status, authorised_version)")
    for table in ("labor_line", "product_line"):
        grant_worker(op, "workorders", table, "SELECT, UPDATE (order_discount_minor)")
    for table in ("estimate", "decision"):
        grant_worker(op, "workorders", table, "SELECT")
    for table in ("estimate_outcome", "status_history"):
        grant_worker(op, "workorders", table, "SELECT, INSERT")
