"""Moderators, and what they decide about a VIN or frame number that several cars claim."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, enable_row_security, forbid_changes, grant_api, grant_worker

revision = "0015"
down_revision = "0014"

TABLES = """
CREATE TABLE moderator (
    user_id uuid PRIMARY KEY,
    added_at timestamptz NOT NULL
);
COMMENT ON TABLE moderator IS 'Who decides about rival claims. Named by the operators'' command line only.';

ALTER TABLE car ADD COLUMN identity_disputed_at timestamptz;
ALTER TABLE car ADD COLUMN rejected_number text;
UPDATE car SET identity_disputed_at = coalesce(attested_at, updated_at) WHERE identity_disputed;
ALTER TABLE car ADD CONSTRAINT car_disputed_since CHECK (identity_disputed = (identity_disputed_at IS NOT NULL));
ALTER TABLE car ADD CONSTRAINT car_rejected_is_not_confirmed
    CHECK (rejected_number IS DISTINCT FROM coalesce(vin, frame_number)
        OR NOT (identity_confirmed OR identity_disputed));
ALTER TABLE former_car ADD COLUMN identity_disputed_at timestamptz;
ALTER TABLE former_car ADD COLUMN rejected_number text;
CREATE INDEX car_disputed ON car (identity_disputed_at, id) WHERE identity_disputed;
CREATE INDEX car_of_identity ON car (coalesce(vin, frame_number)) WHERE coalesce(vin, frame_number) IS NOT NULL;
COMMENT ON COLUMN car.rejected_number IS 'VIN or frame number that a moderator found to be another car''s';

CREATE TABLE identity_decision (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    kind text NOT NULL CHECK (kind IN ('vin', 'frame_number')),
    number text NOT NULL,
    ruling text NOT NULL CHECK (ruling IN ('confirm', 'reject')),
    rival_id uuid REFERENCES car,
    moderator_id uuid NOT NULL,
    reason text NOT NULL,
    decided_at timestamptz NOT NULL,
    car_version bigint NOT NULL,
    CHECK (rival_id <> car_id),
    CHECK (ruling = 'confirm' OR rival_id IS NOT NULL)
);
CREATE UNIQUE INDEX identity_decision_once ON identity_decision (car_id, car_version);
CREATE INDEX identity_decision_of_number ON identity_decision (number, decided_at, id);
COMMENT ON TABLE identity_decision IS 'Every decision of a moderator about an identity. Append-only.';
COMMENT ON COLUMN identity_decision.rival_id IS 'the car that had the identity; a confirmation takes it from there';
COMMENT ON COLUMN identity_decision.car_version IS 'of the car after the decision'
"""

CALLER = CURRENT_USER_ID
MODERATES = f"EXISTS (SELECT FROM moderator m WHERE m.user_id = {CALLER})"
CAR_COLUMNS = (
    "id, owner_id, vin, frame_number, identity_confirmed, identity_disputed, identity_disputed_at, rejected_number, "
    "attested_at, plate, make, model, year, nickname, tags, energy_kinds, odometer_unit, currency, purchase_date, "
    "purchase_price_minor, purchase_currency, purchase_odometer_value, purchase_odometer_unit, archived_at, "
    "last_ok_reading_id, created_at, updated_at, sequence, record_sequence, version"
)
SEEN_CAR = f"""
CREATE VIEW seen_car WITH (security_invoker = true) AS
SELECT {CAR_COLUMNS}, NULL::date AS ended_on FROM car
UNION ALL
SELECT * FROM (
    SELECT DISTINCT ON (id) {CAR_COLUMNS}, ended_on FROM former_car f
    WHERE NOT EXISTS (SELECT FROM car c WHERE c.id = f.id)
    ORDER BY id, updated_at DESC
) AS copy
"""
# A moderator is nobody in most of these cars: the view and the functions look at them with their owner's rights, and
# show and change no more than a decision needs.
CLAIMED_CAR = f"""
CREATE VIEW claimed_car WITH (security_barrier = true) AS
SELECT id, CASE WHEN vin IS NULL THEN 'frame_number' ELSE 'vin' END AS kind, coalesce(vin, frame_number) AS number,
    make, model, year, plate, identity_confirmed, identity_disputed, identity_disputed_at, rejected_number, attested_at,
    archived_at, created_at, version,
    (SELECT count(*) FROM service_entry e WHERE e.car_id = c.id AND e.provenance = 'attested') AS attested_works,
    (SELECT count(DISTINCT e.center_id) FROM service_entry e
     WHERE e.car_id = c.id AND e.provenance = 'attested') AS attesting_centers
FROM car c WHERE coalesce(vin, frame_number) IS NOT NULL AND {MODERATES}
"""
# In the order of ids, as everybody locks cars, and before the claim, as those who attest do.
LOCK_CLAIMANTS = f"""
CREATE FUNCTION lock_claimants(wanted uuid) RETURNS SETOF car LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
    SELECT c.* FROM car c
    WHERE {MODERATES} AND c.id IN (
        SELECT wanted
        UNION ALL
        SELECT claim.car_id FROM car x JOIN identity_claim claim ON claim.number = coalesce(x.vin, x.frame_number)
            AND claim.kind = CASE WHEN x.vin IS NULL THEN 'frame_number' ELSE 'vin' END
        WHERE x.id = wanted)
    ORDER BY c.id FOR NO KEY UPDATE OF c
$$
"""
# Does what a decision says that was added just now, and nothing else; false when the claim is no longer where it was.
SETTLE = f"""
CREATE FUNCTION settle_identity(decision_id uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    d identity_decision;
BEGIN
    SELECT * INTO d FROM identity_decision WHERE id = decision_id AND moderator_id = {CALLER};
    IF d.ruling = 'confirm' THEN
        IF d.rival_id IS NULL THEN
            INSERT INTO identity_claim (kind, number, car_id) VALUES (d.kind, d.number, d.car_id)
            ON CONFLICT DO NOTHING;
        ELSE
            UPDATE identity_claim SET car_id = d.car_id
            WHERE kind = d.kind AND number = d.number AND car_id = d.rival_id;
        END IF;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        UPDATE car SET identity_confirmed = false, rejected_number = d.number, updated_at = d.decided_at,
            sequence = sequence + 1, version = version + 1
        WHERE id = d.rival_id;
    END IF;
    UPDATE car SET identity_confirmed = (d.ruling = 'confirm'), identity_disputed = false, identity_disputed_at = NULL,
        rejected_number = CASE d.ruling WHEN 'reject' THEN d.number END, updated_at = d.decided_at,
        sequence = sequence + 1, version = d.car_version
    WHERE id = d.car_id AND version = d.car_version - 1;
    RETURN FOUND;
END $$
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    op.execute("DROP VIEW seen_car")
    op.execute(SEEN_CAR)
    op.execute(CLAIMED_CAR)
    op.execute("GRANT SELECT ON seen_car, claimed_car TO owners_api")
    for function, signature in ((LOCK_CLAIMANTS, "lock_claimants(uuid)"), (SETTLE, "settle_identity(uuid)")):
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO owners_api")
    # What functions of this schema change they were allowed to: only the API itself is held to the owner's rights.
    op.execute("DROP TRIGGER car_details_are_the_owners ON car")
    op.execute(
        "CREATE TRIGGER car_details_are_the_owners BEFORE UPDATE ON car FOR EACH ROW "
        f"WHEN (old.owner_id <> {CALLER} AND current_user = 'owners_api') "
        "EXECUTE FUNCTION refuse_change_of_shared_car()"
    )
    forbid_changes(op, "identity_decision")
    grant_api(op, "owners", "moderator", "SELECT")
    grant_api(op, "owners", "identity_decision", "SELECT, INSERT")
    grant_worker(op, "owners", "moderator", "SELECT, INSERT, DELETE")
    grant_worker(op, "owners", "car", "UPDATE (identity_disputed_at)")
    enable_row_security(op, "moderator", "self", "owners_api", f"user_id = {CALLER}")
    op.execute("CREATE POLICY everything ON moderator TO owners_worker USING (true) WITH CHECK (true)")
    claimed = "s.id IN (car_id, rival_id) OR coalesce(s.vin, s.frame_number) = number"
    outsider = f"NOT EXISTS (SELECT FROM seen_car s WHERE {claimed})"
    op.execute("ALTER TABLE identity_decision ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY see ON identity_decision FOR SELECT TO owners_api USING ({MODERATES})")
    op.execute(
        "CREATE POLICY decide ON identity_decision FOR INSERT TO owners_api "
        f"WITH CHECK (moderator_id = {CALLER} AND {MODERATES} AND {outsider})"
    )
