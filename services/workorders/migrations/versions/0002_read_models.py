"""What other services' events say."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE center (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
    prices_include_tax boolean NOT NULL,
    verification text NOT NULL,
    sequence bigint NOT NULL
);
COMMENT ON TABLE center IS 'Read model of sto.center.';
COMMENT ON COLUMN center.sequence IS 'of the newest event that is applied';

CREATE TABLE employee (
    id uuid PRIMARY KEY,
    center_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    active boolean NOT NULL,
    sequence bigint NOT NULL
);
CREATE INDEX employee_by_user ON employee (user_id, center_id);
COMMENT ON TABLE employee IS 'Read model of sto.employee.';
COMMENT ON COLUMN employee.sequence IS 'of the newest event that is applied';

CREATE TABLE car_link (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    car_label text NOT NULL,
    scopes text[] NOT NULL,
    status text NOT NULL,
    expires_at timestamptz,
    sequence bigint NOT NULL
);
CREATE INDEX car_link_by_car ON car_link (car_id, center_id);
COMMENT ON TABLE car_link IS 'Read model of sto.link.';
COMMENT ON COLUMN car_link.sequence IS 'of the newest event that is applied';

CREATE TABLE car (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    vin text,
    frame_number text,
    plate text,
    odometer_unit text NOT NULL,
    archived boolean NOT NULL,
    sequence bigint NOT NULL
);
COMMENT ON TABLE car IS 'Read model of owners.car.';
COMMENT ON COLUMN car.sequence IS 'of the newest event that is applied';

CREATE TABLE car_odometer (
    id uuid PRIMARY KEY,
    km integer,
    observed_on date,
    observed_at timestamptz,
    sequence bigint NOT NULL
);
COMMENT ON TABLE car_odometer IS 'Read model of owners.odometer.judged.';
COMMENT ON COLUMN car_odometer.id IS 'the car''s';
COMMENT ON COLUMN car_odometer.km IS 'the last good reading; null: there is none';
COMMENT ON COLUMN car_odometer.observed_at IS 'null: only the day is known';
COMMENT ON COLUMN car_odometer.sequence IS 'of the newest event that is applied'
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
