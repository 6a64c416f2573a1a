"""When owners were asked what the odometer shows, and how far the sweep has come that asks them."""

from alembic import op

from chassis.migrate import grant_worker

revision = "0016"
down_revision = "0015"

TABLES = """
CREATE TABLE reading_ask (
    car_id uuid PRIMARY KEY REFERENCES car,
    asked_at timestamptz NOT NULL
) WITH (fillfactor = 90);
COMMENT ON TABLE reading_ask IS 'When the owner of a car was last asked for an odometer reading.';

CREATE TABLE reading_sweep (
    id smallint PRIMARY KEY CHECK (id = 1),
    reached uuid NOT NULL
);
COMMENT ON TABLE reading_sweep IS 'One row: up to which car the sweep for stale readings has looked.';
COMMENT ON COLUMN reading_sweep.reached IS 'all zeros before the first car'
"""
# All that a worker may learn of a person.
ERASED = """
CREATE FUNCTION person_is_erased(person uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM app_user u WHERE u.id = person AND u.erased_at IS NOT NULL)
$$
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    op.execute("INSERT INTO reading_sweep VALUES (1, '00000000-0000-0000-0000-000000000000')")
    grant_worker(op, "owners", "reading_ask", "SELECT, INSERT, UPDATE")
    grant_worker(op, "owners", "reading_sweep", "SELECT, UPDATE")
    for table in ("reading_ask", "reading_sweep"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY everything ON {table} TO owners_worker USING (true) WITH CHECK (true)")
    op.execute(ERASED)
    op.execute("REVOKE EXECUTE ON FUNCTION person_is_erased(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION person_is_erased(uuid) TO owners_worker")
