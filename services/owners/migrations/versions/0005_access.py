"""Access that owners grant to other people: grants, invitations, and what they open in the tables of a car."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant_api, grant_worker

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE TABLE access_invitation (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'driver', 'manager')),
    access_until timestamptz,
    token_hash bytea NOT NULL CONSTRAINT access_invitation_token UNIQUE CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_by uuid,
    accepted_at timestamptz,
    withdrawn_at timestamptz,
    CHECK ((accepted_by IS NULL) = (accepted_at IS NULL)),
    CHECK (accepted_at IS NULL OR withdrawn_at IS NULL),
    CHECK (accepted_by <> owner_id)
);
CREATE INDEX access_invitation_open ON access_invitation (car_id, created_at, id)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX access_invitation_of_owner ON access_invitation (owner_id)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
COMMENT ON TABLE access_invitation IS 'One-time links by which an owner shares a car.';
COMMENT ON COLUMN access_invitation.token_hash IS 'SHA-256; the token itself is nowhere';
COMMENT ON COLUMN access_invitation.access_until IS 'when the access that it makes ends; expires_at is its own end';

CREATE TABLE access_grant (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    grantee_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'driver', 'manager')),
    expires_at timestamptz,
    granted_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text CHECK (ended_because IN ('revoked', 'left', 'expired', 'erased')),
    sequence bigint NOT NULL CHECK (sequence > 0),
    version bigint NOT NULL CHECK (version > 0),
    CHECK (grantee_id <> owner_id),
    CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
CREATE UNIQUE INDEX access_grant_in_force ON access_grant (car_id, grantee_id) WHERE ended_at IS NULL;
CREATE INDEX access_grant_of_car ON access_grant (car_id, granted_at, id) WHERE ended_at IS NULL;
CREATE INDEX access_grant_of_grantee ON access_grant (grantee_id) WHERE ended_at IS NULL;
CREATE INDEX access_grant_of_owner ON access_grant (owner_id) WHERE ended_at IS NULL;
COMMENT ON TABLE access_grant IS 'With whom an owner shares a car. Those that ended stay.';
COMMENT ON COLUMN access_grant.owner_id IS 'who granted it; a grant opens only what is still this owner''s'
"""

CALLER = CURRENT_USER_ID
OWN = f"owner_id = {CALLER}"

# What policies ask. Under the caller's own row-level security, which shows each person the own grants.
CALLER_ID = f"CREATE FUNCTION caller_id() RETURNS uuid LANGUAGE sql STABLE RETURN {CALLER}"
SHARED_WITH_CALLER = f"""
CREATE VIEW shared_with_caller WITH (security_invoker = true) AS
SELECT car_id, owner_id, role FROM access_grant
WHERE grantee_id = {CALLER} AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""
# The cheap question first: PostgreSQL asks in this order, row by row, and an owner's own rows need no other answer.
# The grants are read once a statement, and only when a row is not the caller's own.
READABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller)"
ADDABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role <> 'viewer')"
MANAGED = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role = 'manager')"
OWN_WORK = f"({ADDABLE} AND author_id = {CALLER})"
AT_CENTER = "caller_reads_history(car_id)"
TYPED = "provenance = 'self_declared'"

# A name is its person's own. Only those who share a car see each other's, which takes more than the caller may read.
NAMES = f"""
CREATE FUNCTION people_of_car(car uuid) RETURNS TABLE (user_id uuid, display_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH person AS (
        SELECT c.owner_id AS id FROM car c WHERE c.id = car
        UNION SELECT g.grantee_id FROM access_grant g JOIN car c ON c.id = g.car_id AND c.owner_id = g.owner_id
        WHERE g.car_id = car AND g.ended_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > now())
    )
    SELECT u.id, u.display_name FROM person JOIN app_user u USING (id)
    WHERE u.display_name IS NOT NULL AND {CALLER} IN (SELECT id FROM person)
$$
"""

# Whoever adds an entry moves the counters of its car, and nothing else of it.
CAR_DETAILS = (
    """
CREATE FUNCTION refuse_change_of_shared_car() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(new) - '{last_ok_reading_id,record_sequence}'::text[]
        IS DISTINCT FROM to_jsonb(old) - '{last_ok_reading_id,record_sequence}'::text[] THEN
        RAISE EXCEPTION 'the details of a car are its owner''s' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN new;
END $$
    """,
    f"""
CREATE TRIGGER car_details_are_the_owners BEFORE UPDATE ON car FOR EACH ROW
WHEN (old.owner_id <> {CALLER}) EXECUTE FUNCTION refuse_change_of_shared_car()
    """,
)

# A token that is presented shows its invitation, and lets its presenter make the grant that it is for.
PRESENTED = "token_hash = decode(nullif(current_setting('carpass.invitation_hash', true), ''), 'hex')"
AS_INVITED = f"""
grantee_id = {CALLER} AND ended_at IS NULL AND EXISTS (
    SELECT FROM access_invitation i
    WHERE i.{PRESENTED} AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL AND i.expires_at > now()
      AND i.car_id = access_grant.car_id AND i.owner_id = access_grant.owner_id AND i.role = access_grant.role
      AND i.access_until IS NOT DISTINCT FROM access_grant.expires_at)
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    op.execute(CALLER_ID)
    op.execute(SHARED_WITH_CALLER)
    op.execute("GRANT SELECT ON shared_with_caller TO owners_api")
    op.execute(NAMES)
    op.execute("REVOKE EXECUTE ON FUNCTION people_of_car(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION people_of_car(uuid) TO owners_api")
    secure_access()
    open_car()
    for table in ("service_entry", "expense", "odometer_reading", "fuel_entry"):
        open_records(table)
    open_sums("consumption_sum")
    op.execute("DROP POLICY own ON monthly_cost")
    policy("monthly_cost", "see", "SELECT", using=f"{OWN} OR {READABLE}")


def secure_access() -> None:
    grant_api(op, "owners", "access_invitation", "SELECT, INSERT, UPDATE (accepted_by, accepted_at, withdrawn_at)")
    grant_api(
        op,
        "owners",
        "access_grant",
        "SELECT, INSERT, UPDATE (role, expires_at, ended_at, ended_because, sequence, version)",
    )
    grant_worker(op, "owners", "access_grant", "SELECT, UPDATE (ended_at, ended_because, sequence, version)")
    for table in ("access_invitation", "access_grant"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    policy("access_invitation", "see", "SELECT", using=f"{OWN} OR {PRESENTED}")
    own_car = f"{OWN} AND car_id IN (SELECT c.id FROM car c WHERE c.{OWN})"
    policy("access_invitation", "invite", "INSERT", check=own_car)
    accepted = f"{OWN} OR accepted_by = {CALLER}"
    policy("access_invitation", "settle", "UPDATE", using=f"{OWN} OR {PRESENTED}", check=accepted)
    of_either = f"{OWN} OR grantee_id = {CALLER}"
    policy("access_grant", "see", "SELECT", using=of_either)
    policy("access_grant", "accept", "INSERT", check=AS_INVITED)
    ended = f"{OWN} OR (grantee_id = {CALLER} AND ended_at IS NOT NULL)"
    policy("access_grant", "change", "UPDATE", using=of_either, check=ended)
    op.execute("CREATE POLICY everything ON access_grant TO owners_worker USING (true) WITH CHECK (true)")


def open_car() -> None:
    op.execute("DROP POLICY own ON car")
    shared = "id = ANY (ARRAY(SELECT car_id FROM shared_with_caller))"
    policy("car", "see", "SELECT", using=f"{OWN} OR {shared}")
    policy("car", "register", "INSERT", check=OWN)
    added_to = "id = ANY (ARRAY(SELECT car_id FROM shared_with_caller WHERE role <> 'viewer'))"
    policy("car", "change", "UPDATE", using=f"{OWN} OR {added_to}", check=f"{OWN} OR {added_to}")
    policy("car", "remove", "DELETE", using=OWN)
    for statement in CAR_DETAILS:
        op.execute(statement)


def open_records(table: str) -> None:
    """Everybody with access reads; drivers enter, change and remove their own; managers whatever was typed."""
    for name in ("own", "shared", "write_own", "edit_own", "remove_own"):
        op.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
    see = f"{OWN} OR {READABLE}"
    if table in {"service_entry", "odometer_reading"}:  # a center never sees what somebody spends
        see += f" OR {AT_CENTER}"
    typed = "true" if table == "fuel_entry" else TYPED
    write = f"{OWN} OR {OWN_WORK} OR {MANAGED}"
    # Every reading and every fill may be judged anew after somebody's entry.
    edit = f"{OWN} OR {ADDABLE}" if table in {"odometer_reading", "fuel_entry"} else write
    policy(table, "see", "SELECT", using=see)
    policy(table, "write", "INSERT", check=f"{typed} AND ({write})")
    policy(table, "edit", "UPDATE", using=edit, check=edit)
    policy(table, "remove", "DELETE", using=f"{typed} AND ({write})")


def open_sums(table: str) -> None:
    """What is computed from entries moves with them, whoever enters."""
    for name in ("own", "write_own", "edit_own", "remove_own"):
        op.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
    write = f"{OWN} OR {ADDABLE}"
    policy(table, "see", "SELECT", using=f"{OWN} OR {READABLE}")
    policy(table, "write", "INSERT", check=write)
    policy(table, "edit", "UPDATE", using=write, check=write)
    policy(table, "remove", "DELETE", using=write)


def policy(table: str, name: str, command: str, *, using: str | None = None, check: str | None = None) -> None:
    statement = f"CREATE POLICY {name} ON {table} FOR {command} TO owners_api"
    if using is not None:
        statement += f" USING ({using})"
    if check is not None:
        statement += f" WITH CHECK ({check})"
    op.execute(statement)
