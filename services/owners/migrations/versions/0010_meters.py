"""Replaced meters: what a service center attests of them, and what each reading counts from."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, forbid_changes, grant_api, grant_worker

revision = "0010"
down_revision = "0009"

TABLES = """
CREATE TABLE meter_replacement (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    removed_value numeric CHECK (removed_value >= 0),
    removed_unit text NOT NULL CHECK (removed_unit IN ('km', 'mi')),
    removed_km integer NOT NULL CHECK (removed_km >= 0),
    installed_value numeric NOT NULL CHECK (installed_value >= 0),
    installed_unit text NOT NULL CHECK (installed_unit IN ('km', 'mi')),
    installed_km integer NOT NULL CHECK (installed_km >= 0),
    replaced_on date NOT NULL,
    replaced_at timestamptz NOT NULL,
    time_zone text NOT NULL,
    reason text NOT NULL,
    center_id uuid NOT NULL,
    work_order_id uuid NOT NULL,
    revision integer NOT NULL,
    snapshot_sha256 text NOT NULL,
    author_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT meter_replacement_work_order UNIQUE (work_order_id, revision)
);
CREATE INDEX meter_replacement_of_car ON meter_replacement (car_id);
COMMENT ON TABLE meter_replacement IS 'Meters that a center replaced, as work orders attest it. Never changed.';
COMMENT ON COLUMN meter_replacement.removed_value IS 'null: it could not be read';
COMMENT ON COLUMN meter_replacement.removed_km IS 'up to which the old one counts; unread: the last good reading';
COMMENT ON COLUMN meter_replacement.replaced_at IS 'of the hand-over: from then on the new one was there';

ALTER TABLE odometer_reading ADD COLUMN meter_offset_km integer NOT NULL DEFAULT 0;
ALTER TABLE odometer_reading ADD COLUMN meter_replacement_id uuid REFERENCES meter_replacement;
ALTER TABLE odometer_reading ADD COLUMN removed_meter boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN odometer_reading.meter_offset_km IS 'what its meter shows too little; judged anew like the verdict';
COMMENT ON COLUMN odometer_reading.removed_meter IS 'the last of the one taken out, not that at hand-over';
ALTER TABLE odometer_reading ADD CONSTRAINT odometer_reading_meter_is_attested
    CHECK (meter_replacement_id IS NULL OR provenance = 'attested');
ALTER TABLE odometer_reading ADD CONSTRAINT odometer_reading_removed_meter
    CHECK (NOT removed_meter OR meter_replacement_id IS NOT NULL);
ALTER TABLE odometer_reading DROP CONSTRAINT odometer_reading_work_order;
ALTER TABLE odometer_reading ADD CONSTRAINT odometer_reading_work_order
    UNIQUE (work_order_id, revision, removed_meter);

DROP INDEX odometer_reading_ok;
CREATE INDEX odometer_reading_ok ON odometer_reading (car_id, observed_on, (km + meter_offset_km))
    WHERE verdict = 'ok';
COMMENT ON COLUMN fuel_entry.accepted_km IS 'of its reading while that is ok, with what earlier meters counted'
"""

ATTESTED_STAYS = """
CREATE OR REPLACE TRIGGER odometer_reading_attested_stays BEFORE UPDATE OF
    id, car_id, owner_id, source, provenance, value, unit, km, observed_on, observed_at, time_zone, listed_at,
    service_entry_id, expense_id, center_id, work_order_id, revision, snapshot_sha256, author_id,
    created_at, meter_replacement_id, removed_meter
ON odometer_reading FOR EACH ROW WHEN (old.provenance = 'attested') EXECUTE FUNCTION refuse_change_of_attested()
"""

# As for readings, which go along with a car and are judged by its meters.
OWN = f"owner_id = {CURRENT_USER_ID}"
PRESENT = f"car_id = ANY (ARRAY(SELECT c.id FROM car c WHERE c.{OWN}))"
SHARED = "car_id = ANY (ARRAY(SELECT s.car_id FROM shared_with_caller s))"
SEE = f"{OWN} OR {PRESENT} OR {SHARED} OR caller_reads_history(car_id)"


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    op.execute(ATTESTED_STAYS)
    forbid_changes(op, "meter_replacement")
    grant_api(op, "owners", "meter_replacement", "SELECT")
    grant_worker(op, "owners", "meter_replacement", "SELECT, INSERT")
    grant_api(op, "owners", "odometer_reading", "UPDATE (meter_offset_km)")
    grant_worker(op, "owners", "odometer_reading", "UPDATE (meter_offset_km)")
    op.execute("ALTER TABLE meter_replacement ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY see ON meter_replacement FOR SELECT TO owners_api USING ({SEE})")
    op.execute("CREATE POLICY everything ON meter_replacement TO owners_worker USING (true) WITH CHECK (true)")
