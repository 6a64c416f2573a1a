"""How long odometer histories stand, so that a change of one does not load all of it."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant_api, grant_worker

revision = "0014"
down_revision = "0013"

TABLE = """
CREATE TABLE odometer_standing (
    car_id uuid PRIMARY KEY REFERENCES car,
    record_sequence bigint NOT NULL CHECK (record_sequence > 0),
    calm_after date NOT NULL,
    reading_count integer NOT NULL CHECK (reading_count >= 0),
    doubtful_count integer NOT NULL CHECK (doubtful_count >= 0),
    rollback_count integer NOT NULL CHECK (rollback_count >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE odometer_standing IS 'What is known of long odometer histories without reading them.';
COMMENT ON COLUMN odometer_standing.record_sequence IS 'of the car, as of which the row holds; else it is stale';
COMMENT ON COLUMN odometer_standing.calm_after IS 'what was read after this day is ok, and stays so while it is calm'
"""

OWN_CAR = f"car_id = ANY (ARRAY(SELECT c.id FROM car c WHERE c.owner_id = {CURRENT_USER_ID}))"
ADDED_TO = "car_id = ANY (ARRAY(SELECT s.car_id FROM shared_with_caller s WHERE s.role <> 'viewer'))"


def upgrade() -> None:
    for statement in TABLE.split(";\n"):
        op.execute(statement)
    grant_api(op, "owners", "odometer_standing", "SELECT, INSERT, UPDATE")
    grant_worker(op, "owners", "odometer_standing", "SELECT, INSERT, UPDATE")
    op.execute("ALTER TABLE odometer_standing ENABLE ROW LEVEL SECURITY")
    history = f"{OWN_CAR} OR {ADDED_TO}"
    op.execute(f"CREATE POLICY history ON odometer_standing TO owners_api USING ({history}) WITH CHECK ({history})")
    op.execute("CREATE POLICY everything ON odometer_standing TO owners_worker USING (true) WITH CHECK (true)")
