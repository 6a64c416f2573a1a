from alembic import op

from chassis.migrate import (
    CURRENT_USER_ID,
    create_chassis_tables,
    enable_row_security,
    grant,
    grant_api,
    grant_worker,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    grant(op, "things")
    op.execute(
        """
        CREATE TABLE thing (
            id uuid PRIMARY KEY,
            owner_id uuid NOT NULL,
            name text NOT NULL,
            version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """
    )
    op.execute("CREATE TABLE permit (thing_id uuid PRIMARY KEY)")
    grant_api(op, "things", "thing", "SELECT, INSERT, UPDATE")
    grant_api(op, "things", "permit", "SELECT")
    grant_worker(op, "things", "permit", "SELECT, INSERT")
    own = f"owner_id = {CURRENT_USER_ID}"
    enable_row_security(op, "thing", "own_things", "things_api", own, own)
