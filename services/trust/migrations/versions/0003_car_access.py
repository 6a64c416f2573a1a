"""With whom owners share their cars, and whose a car was when."""

from alembic import op

from chassis import migrate

revision = "0003"
down_revision = "0002"

TABLES = """
CREATE TABLE car_access (
    grant_id uuid PRIMARY KEY,
    car_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    expires_at timestamptz,
    ended boolean NOT NULL,
    sequence bigint NOT NULL
);
CREATE INDEX car_access_user ON car_access (user_id, car_id);
CREATE INDEX car_access_owner ON car_access (owner_id);
COMMENT ON COLUMN car_access.owner_id IS 'who granted it: it opens only what is this owner''s';
COMMENT ON COLUMN car_access.ended IS 'for good: no late event brings it back';
CREATE TABLE car_transfer (
    car_id uuid NOT NULL,
    transferred_at timestamptz NOT NULL,
    from_owner_id uuid NOT NULL,
    to_owner_id uuid NOT NULL,
    PRIMARY KEY (car_id, transferred_at)
);
COMMENT ON TABLE car_transfer IS 'Where one owner''s time with a car ends, and the next one''s begins.'
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for table in ("car_access", "car_transfer"):
        migrate.grant_api(op, "trust", table, "SELECT")
    migrate.grant_worker(op, "trust", "car_access", "SELECT, INSERT, UPDATE")
    migrate.grant_worker(op, "trust", "car_transfer", "SELECT, INSERT")
