"""Cars change hands: offers, the former owners' copies, and who sees what of an earlier owner's time."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant_api, grant_worker

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE car_transfer (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    car_label text,
    recipient_id uuid,
    token_hash bytea CONSTRAINT car_transfer_token UNIQUE CHECK (length(token_hash) = 32),
    sold_on date,
    price_minor bigint CHECK (price_minor >= 0),
    price_currency text CHECK (price_currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_by uuid,
    accepted_at timestamptz,
    withdrawn_at timestamptz,
    CHECK (num_nonnulls(recipient_id, token_hash) = 1),
    CHECK ((price_minor IS NULL) = (price_currency IS NULL)),
    CHECK ((accepted_by IS NULL) = (accepted_at IS NULL)),
    CHECK (accepted_at IS NULL OR withdrawn_at IS NULL),
    CHECK (accepted_by <> owner_id),
    CHECK (recipient_id <> owner_id)
);
CREATE UNIQUE INDEX car_transfer_unsettled ON car_transfer (car_id)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX car_transfer_of_owner ON car_transfer (owner_id) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX car_transfer_to ON car_transfer (recipient_id, created_at, id)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
COMMENT ON TABLE car_transfer IS 'Offers of cars to their next owners: to one person, or by a one-time link.';
COMMENT ON COLUMN car_transfer.token_hash IS 'SHA-256; the token itself is nowhere';
COMMENT ON COLUMN car_transfer.sold_on IS 'null: the day of the acceptance';

CREATE TABLE former_car (LIKE car, transfer_id uuid PRIMARY KEY REFERENCES car_transfer, ended_on date NOT NULL);
CREATE INDEX former_car_of_owner ON former_car (owner_id, created_at, id);
CREATE INDEX former_car_of_car ON former_car (id);
COMMENT ON TABLE former_car IS 'How a car was when its owner of that time parted with it: the own copy of each.';

ALTER TABLE access_grant DROP CONSTRAINT access_grant_ended_because_check;
ALTER TABLE access_grant ADD CONSTRAINT access_grant_ended_because_check
    CHECK (ended_because IN ('revoked', 'left', 'expired', 'erased', 'transferred'));

ALTER TABLE consumption_sum DROP CONSTRAINT consumption_sum_pkey;
ALTER TABLE consumption_sum ADD PRIMARY KEY (car_id, owner_id, energy_kind, period, currency)
"""

CALLER = CURRENT_USER_ID
OWN = f"owner_id = {CALLER}"
# An own car now, not once. Found once a statement.
PRESENT = f"car_id = ANY (ARRAY(SELECT c.id FROM car c WHERE c.{OWN}))"
OWN_NOW = f"({OWN} AND {PRESENT})"
SHARED = "car_id = ANY (ARRAY(SELECT s.car_id FROM shared_with_caller s))"
ADDED_TO = "car_id = ANY (ARRAY(SELECT s.car_id FROM shared_with_caller s WHERE s.role <> 'viewer'))"
READABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller)"
ADDABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role <> 'viewer')"
MANAGED = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role = 'manager')"
OWN_WORK = f"({ADDABLE} AND author_id = {CALLER})"
AT_CENTER = "caller_reads_history(car_id)"
TYPED = "provenance = 'self_declared'"
ATTESTED = "provenance = 'attested'"

# Whose a car is, is asked here for people who may not see the car's row.
OWNER_OF_CAR = """
CREATE FUNCTION owner_of_car(car uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public AS $$ SELECT c.owner_id FROM car c WHERE c.id = car $$
"""
READS_HISTORY = f"""
CREATE OR REPLACE FUNCTION caller_reads_history(car uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM center_link l
        JOIN center_employee e ON e.center_id = l.center_id AND e.user_id = {CALLER} AND e.active
        WHERE l.car_id = car AND l.status = 'approved' AND 'history_read' = ANY (l.scopes)
          AND (l.expires_at IS NULL OR l.expires_at > now())
          AND NOT EXISTS (SELECT FROM center c WHERE c.id = l.center_id AND c.verification = 'suspended')
          AND l.owner_id = owner_of_car(l.car_id)  -- an earlier owner's link opens nothing
    )
$$
"""
SEEN_CAR = """
CREATE VIEW seen_car WITH (security_invoker = true) AS
SELECT {columns}, NULL::date AS ended_on FROM car
UNION ALL
SELECT * FROM (
    SELECT DISTINCT ON (id) {columns}, ended_on FROM former_car f
    WHERE NOT EXISTS (SELECT FROM car c WHERE c.id = f.id)
    ORDER BY id, updated_at DESC
) AS copy
"""
CAR_COLUMNS = (
    "id, owner_id, vin, frame_number, identity_confirmed, identity_disputed, attested_at, plate, make, model, year, "
    "nickname, tags, energy_kinds, odometer_unit, currency, purchase_date, purchase_price_minor, purchase_currency, "
    "purchase_odometer_value, purchase_odometer_unit, archived_at, last_ok_reading_id, created_at, updated_at, "
    "sequence, record_sequence, version"
)
PRESENTED = "token_hash = decode(nullif(current_setting('carpass.transfer_hash', true), ''), 'hex')"
# A car gets another owner in the moment in which that one accepts it, and never else. The API may not write owner_id.
HAND_OVER = f"""
CREATE FUNCTION hand_over_car(transfer uuid) RETURNS uuid LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
    UPDATE car c SET owner_id = t.accepted_by FROM car_transfer t
    WHERE t.id = transfer AND t.car_id = c.id AND t.owner_id = c.owner_id AND t.owner_id = {CALLER}
      AND t.accepted_at = c.updated_at
    RETURNING c.id
$$
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    op.execute(OWNER_OF_CAR)
    op.execute("REVOKE EXECUTE ON FUNCTION owner_of_car(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION owner_of_car(uuid) TO owners_api")
    op.execute(READS_HISTORY)
    op.execute(HAND_OVER)
    op.execute("REVOKE EXECUTE ON FUNCTION hand_over_car(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION hand_over_car(uuid) TO owners_api")
    op.execute(SEEN_CAR.format(columns=CAR_COLUMNS))
    op.execute("GRANT SELECT ON seen_car TO owners_api")
    secure_transfers()
    secure_records()


def secure_transfers() -> None:
    grant_api(op, "owners", "car_transfer", "SELECT, INSERT, UPDATE (accepted_by, accepted_at, withdrawn_at)")
    grant_api(op, "owners", "former_car", "SELECT, INSERT, UPDATE (nickname, tags)")
    grant_worker(op, "owners", "former_car", "SELECT")
    for table in ("car_transfer", "former_car"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    policy("car_transfer", "see", "SELECT", using=f"{OWN} OR recipient_id = {CALLER} OR {PRESENTED}")
    policy("car_transfer", "offer", "INSERT", check=OWN_NOW)
    policy("car_transfer", "settle", "UPDATE", using=OWN, check=OWN)
    own_car = f"id = ANY (ARRAY(SELECT c.id FROM car c WHERE c.{OWN}))"
    policy("former_car", "see", "SELECT", using=OWN)
    policy("former_car", "keep", "INSERT", check=f"{OWN} AND {own_car}")
    policy("former_car", "forget", "UPDATE", using=OWN, check=OWN)
    op.execute("CREATE POLICY everything ON former_car TO owners_worker USING (true)")


def secure_records() -> None:
    """Attested work and readings go along with a car; everything else stays with whoever owned it, to be read."""
    for table in ("service_entry", "expense", "odometer_reading", "fuel_entry", "consumption_sum"):
        for name in ("see", "write", "remove"):
            op.execute(f"DROP POLICY {name} ON {table}")
    op.execute("DROP POLICY edit ON odometer_reading")
    along = f"({PRESENT} OR {SHARED})"
    own = f"{OWN} OR {READABLE}"
    at_center = f"({AT_CENTER} AND ({ATTESTED} OR owner_id = owner_of_car(car_id)))"
    see = {
        "service_entry": f"{own} OR ({ATTESTED} AND {along}) OR {at_center}",
        "odometer_reading": f"{own} OR {along} OR {AT_CENTER}",
        "expense": own,
        "fuel_entry": own,
        "consumption_sum": own,
    }
    for table, using in see.items():
        policy(table, "see", "SELECT", using=using)
        write = f"({OWN_NOW} OR {ADDABLE})" if table == "consumption_sum" else f"({OWN_NOW} OR {OWN_WORK} OR {MANAGED})"
        if table not in {"fuel_entry", "consumption_sum"}:
            write = f"{TYPED} AND {write}"
        policy(table, "write", "INSERT", check=write)
        policy(table, "remove", "DELETE", using=write)
    # Readings are judged together, whoever owned the car when they were taken.
    edit = f"{PRESENT} OR {ADDED_TO}"
    policy("odometer_reading", "edit", "UPDATE", using=edit, check=edit)
    op.execute("DROP POLICY write ON imported_record")
    write = f"imported_by = {CALLER} AND ({OWN_NOW} OR {MANAGED})"
    policy("imported_record", "write", "INSERT", check=write)


def policy(table: str, name: str, command: str, *, using: str | None = None, check: str | None = None) -> None:
    statement = f"CREATE POLICY {name} ON {table} FOR {command} TO owners_api"
    if using is not None:
        statement += f" USING ({using})"
    if check is not None:
        statement += f" WITH CHECK ({check})"
    op.execute(statement)
