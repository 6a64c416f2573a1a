"""Where imported records come from."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant_api

revision = "0006"
down_revision = "0005"

TABLE = """
CREATE TABLE imported_record (
    record_id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('fuel_entry', 'service_entry', 'expense', 'reading')),
    source text NOT NULL,
    external_id text,
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    origin text,
    imported_by uuid NOT NULL,
    imported_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX imported_record_external_id ON imported_record (car_id, kind, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX imported_record_of_car ON imported_record (car_id) WHERE external_id IS NULL;
COMMENT ON TABLE imported_record IS 'Of each record that came in a file: what it was there. It goes with the record.';
COMMENT ON COLUMN imported_record.record_id IS 'of a fuel entry, service entry, expense or odometer reading';
COMMENT ON COLUMN imported_record.external_id IS 'stays the same wherever the record is taken';
COMMENT ON COLUMN imported_record.digest IS 'of what the file said, which may have been edited here since';
COMMENT ON COLUMN imported_record.origin IS 'what the file told of its source, word for word; nothing here believes it'
"""

# As the table's owner: whoever may remove a record removes what is known of its import.
FORGET = """
CREATE FUNCTION forget_import() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM imported_record WHERE record_id = old.id;
    RETURN NULL;
END $$
"""

OWN = f"owner_id = {CURRENT_USER_ID}"
READABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller)"
MANAGED = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role = 'manager')"


def upgrade() -> None:
    for statement in TABLE.split(";\n"):
        op.execute(statement)
    op.execute(FORGET)
    op.execute("REVOKE EXECUTE ON FUNCTION forget_import() FROM PUBLIC")
    for table in ("fuel_entry", "service_entry", "expense", "odometer_reading"):
        op.execute(
            f"CREATE TRIGGER {table}_forgets_import AFTER DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION forget_import()"
        )
    grant_api(op, "owners", "imported_record", "SELECT, INSERT")
    op.execute("ALTER TABLE imported_record ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY see ON imported_record FOR SELECT TO owners_api USING ({OWN} OR {READABLE})")
    write = f"imported_by = {CURRENT_USER_ID} AND ({OWN} OR {MANAGED})"
    op.execute(f"CREATE POLICY write ON imported_record FOR INSERT TO owners_api WITH CHECK ({write})")
