from alembic import op

from chassis.migrate import create_chassis_tables, enable_row_security, forbid_changes, grant, grant_api, grant_worker

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    grant(op, "sample")
    op.execute("CREATE TABLE note (id uuid PRIMARY KEY, owner_id uuid NOT NULL, sequence int NOT NULL, text text)")
    op.execute("CREATE TABLE effect (note_id uuid NOT NULL, sequence int NOT NULL, PRIMARY KEY (note_id, sequence))")
    op.execute("CREATE TABLE effect_count (one int PRIMARY KEY, n int NOT NULL)")
    op.execute("CREATE TABLE ledger (id uuid PRIMARY KEY, entry text NOT NULL)")
    forbid_changes(op, "ledger")
    own = "owner_id = nullif(current_setting('carpass.user_id', true), '')::uuid"
    enable_row_security(op, "note", "note_of_owner", "sample_api", own, own)
    enable_row_security(op, "note", "note_for_worker", "sample_worker", "true", "true")
    for table in ("note", "effect", "effect_count", "ledger"):
        grant_api(op, "sample", table, "SELECT, INSERT, UPDATE, DELETE")
        grant_worker(op, "sample", table, "SELECT, INSERT, UPDATE, DELETE")
