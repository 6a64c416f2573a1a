"""Who may touch which rows: grants and row-level security of the api and worker roles."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant, grant_api, grant_worker

revision = "0002"
down_revision = "0001"

# These two look past row-level security, because the answers are what its policies are made of: a policy that asked
# `employee` directly would ask itself. They tell a caller about nobody else, and their search path is pinned.
FUNCTIONS = (
    f"""
CREATE FUNCTION centers_of_caller() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT center_id FROM public.employee WHERE user_id = {CURRENT_USER_ID} AND active
$$
    """,
    f"""
CREATE FUNCTION caller_may_found(center uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.service_center c WHERE c.id = center AND c.created_by = {CURRENT_USER_ID})
        AND NOT EXISTS (SELECT FROM public.employee e WHERE e.center_id = center)
$$
    """,
    "REVOKE EXECUTE ON FUNCTION centers_of_caller(), caller_may_found(uuid) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION centers_of_caller(), caller_may_found(uuid) TO sto_api",
)

CALLER = CURRENT_USER_ID
OWN_CENTER = "center_id = ANY (ARRAY(SELECT centers_of_caller()))"
IS_MODERATOR = f"EXISTS (SELECT FROM moderator m WHERE m.user_id = {CALLER})"
# What a caller can name exactly, he may see: whoever holds an invitation's token, or knows a car's id.
PRESENTED_INVITATION = "token_hash = decode(nullif(current_setting('carpass.invitation_hash', true), ''), 'hex')"
NAMED_CAR = "id = nullif(current_setting('carpass.car_id', true), '')::uuid"

API_GRANTS = {
    "service_center": "SELECT, INSERT, UPDATE (name, name_key, city, city_key, street, postal_code, latitude, "
    "longitude, phones, specialities, makes, time_zone, currency, prices_include_tax, verification, application_id, "
    "reviewer_id, sequence, version)",
    "verification_application": "SELECT, INSERT",
    "verification_decision": "SELECT, INSERT",
    "moderator": "SELECT",
    "employee": "SELECT, INSERT, UPDATE (role, active, left_at, sequence, version)",
    "invitation": "SELECT, INSERT, UPDATE (withdrawn_at, accepted_by, accepted_at)",
    "car_link": "SELECT, INSERT, UPDATE (scopes, status, decided_at, ended_at, sequence, version)",
    "car": "SELECT",
    "person": "SELECT",
}
WORKER_GRANTS = {
    "service_center": "SELECT",
    "moderator": "SELECT, INSERT, DELETE",
    "car_link": "SELECT, UPDATE (scopes, status, decided_at, ended_at, sequence, version)",
    "car": "SELECT, INSERT, UPDATE",
    "person": "SELECT, INSERT, UPDATE",
}

# table: [(command, condition on the rows there are, condition on the rows to be)]
API_POLICIES: dict[str, list[tuple[str, str | None, str | None]]] = {
    "service_center": [
        (
            "SELECT",
            (
                "verification = 'approved' OR id = ANY (ARRAY(SELECT centers_of_caller())) "
                f"OR {IS_MODERATOR} OR id IN (SELECT l.center_id FROM car_link l WHERE l.owner_id = {CALLER})"
            ),
            None,
        ),
        ("INSERT", None, f"created_by = {CALLER}"),
        ("UPDATE", f"id = ANY (ARRAY(SELECT centers_of_caller())) OR {IS_MODERATOR}", None),
    ],
    "verification_application": [
        ("SELECT", f"{OWN_CENTER} OR {IS_MODERATOR}", None),
        ("INSERT", None, f"{OWN_CENTER} AND submitted_by = {CALLER}"),
    ],
    "verification_decision": [
        ("SELECT", f"{OWN_CENTER} OR {IS_MODERATOR}", None),
        (
            "INSERT",
            None,
            (
                f"moderator_id = {CALLER} AND {IS_MODERATOR} AND NOT EXISTS (SELECT FROM employee e "
                f"WHERE e.center_id = verification_decision.center_id AND e.user_id = {CALLER})"
            ),
        ),
    ],
    "moderator": [("SELECT", f"user_id = {CALLER}", None)],
    "employee": [
        ("SELECT", f"{OWN_CENTER} OR user_id = {CALLER}", None),
        (
            "INSERT",
            None,
            (
                f"user_id = {CALLER} AND ((role = 'owner' AND caller_may_found(center_id)) OR EXISTS "
                "(SELECT FROM invitation i WHERE i.center_id = employee.center_id AND i.role = employee.role "
                f"AND i.accepted_at IS NULL AND i.{PRESENTED_INVITATION}))"
            ),
        ),
        ("UPDATE", OWN_CENTER, None),
    ],
    "invitation": [
        ("SELECT", f"{OWN_CENTER} OR {PRESENTED_INVITATION}", None),
        ("INSERT", None, f"{OWN_CENTER} AND created_by = {CALLER}"),
        ("UPDATE", f"{OWN_CENTER} OR {PRESENTED_INVITATION}", f"{OWN_CENTER} OR accepted_by = {CALLER}"),
    ],
    "car_link": [
        ("SELECT", f"{OWN_CENTER} OR owner_id = {CALLER}", None),
        ("INSERT", None, f"{OWN_CENTER} AND requested_by = {CALLER} AND status = 'requested'"),
        ("UPDATE", f"owner_id = {CALLER}", None),
    ],
    "car": [("SELECT", f"owner_id = {CALLER} OR {NAMED_CAR}", None)],
    "person": [
        (
            "SELECT",
            f"user_id = {CALLER} OR user_id IN (SELECT e.user_id FROM employee e WHERE e.{OWN_CENTER})",
            None,
        )
    ],
}


def upgrade() -> None:
    for statement in FUNCTIONS:
        op.execute(statement)
    grant(op, "sto")
    for table, privileges in API_GRANTS.items():
        grant_api(op, "sto", table, privileges)
    for table, privileges in WORKER_GRANTS.items():
        grant_worker(op, "sto", table, privileges)
    for table, policies in API_POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        for command, using, check in policies:
            op.execute(_policy(table, command, using, check))
    for table in WORKER_GRANTS:
        op.execute(f"CREATE POLICY worker ON {table} TO sto_worker USING (true)")


def _policy(table: str, command: str, using: str | None, check: str | None) -> str:
    statement = f"CREATE POLICY api_{command.lower()} ON {table} FOR {command} TO sto_api"
    if using is not None:
        statement += f" USING ({using})"
    if check is not None:
        statement += f" WITH CHECK ({check})"
    return statement
