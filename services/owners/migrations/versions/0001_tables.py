"""Users and their sessions, cars, what is recorded about a car, and read models of sto."""

from alembic import op

from chassis.migrate import create_chassis_tables

revision = "0001"
down_revision = None

PEOPLE = """
CREATE TABLE app_user (
    id uuid PRIMARY KEY,
    display_name text,
    locale text NOT NULL CHECK (locale IN ('ru', 'en')),
    time_zone text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    distance_unit text NOT NULL CHECK (distance_unit IN ('km', 'mi')),
    volume_unit text NOT NULL CHECK (volume_unit IN ('l', 'gal_us', 'gal_uk')),
    created_at timestamptz NOT NULL,
    erased_at timestamptz,
    sequence bigint NOT NULL CHECK (sequence > 0),
    profile_sequence bigint NOT NULL CHECK (profile_sequence > 0),
    version bigint NOT NULL CHECK (version > 0),
    CHECK ((erased_at IS NULL) = (display_name IS NOT NULL))
);
COMMENT ON TABLE app_user IS 'People. An erased one stays as an id, because attested facts name it.';
COMMENT ON COLUMN app_user.profile_sequence IS 'of owners.profile; sequence is of owners.user';

CREATE TABLE telegram_identity (
    telegram_id bigint PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT telegram_identity_user UNIQUE REFERENCES app_user DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE telegram_identity IS 'Who signs in as whom. Looked up before there is a caller.';

CREATE TABLE sign_in_proof (
    fingerprint bytea PRIMARY KEY,
    forget_at timestamptz NOT NULL
);
CREATE INDEX sign_in_proof_forget_at ON sign_in_proof (forget_at);
COMMENT ON TABLE sign_in_proof IS 'Sign-in data that was accepted, until it is too old anyway.';

CREATE TABLE session (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES app_user,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_because text CHECK (revoked_because IN ('logout', 'reuse'))
);
CREATE INDEX session_of_user ON session (user_id);
COMMENT ON TABLE session IS 'A sign-in and the family of refresh tokens that came from it.';

CREATE TABLE refresh_token (
    digest bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
COMMENT ON TABLE refresh_token IS 'SHA-256 of refresh tokens. Used ones stay, to betray a thief.';
"""

CARS = """
CREATE TABLE car (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES app_user,
    vin text,
    frame_number text,
    identity_confirmed boolean NOT NULL DEFAULT false,
    identity_disputed boolean NOT NULL DEFAULT false,
    attested_at timestamptz,
    plate text,
    make text,
    model text,
    year integer,
    nickname text,
    tags text[] NOT NULL,
    energy_kinds text[] NOT NULL
        CHECK (energy_kinds <@ ARRAY['petrol', 'diesel', 'lpg', 'cng', 'electric', 'hydrogen']),
    odometer_unit text NOT NULL CHECK (odometer_unit IN ('km', 'mi')),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    purchase_date date,
    purchase_price_minor bigint,
    purchase_currency text,
    purchase_odometer_value numeric,
    purchase_odometer_unit text,
    archived_at timestamptz,
    last_ok_reading_id uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    record_sequence bigint NOT NULL CHECK (record_sequence >= 0),
    version bigint NOT NULL CHECK (version > 0),
    CHECK ((purchase_price_minor IS NULL) = (purchase_currency IS NULL)),
    CHECK ((purchase_odometer_value IS NULL) = (purchase_odometer_unit IS NULL)),
    CHECK (NOT (identity_confirmed AND identity_disputed))
);
CREATE INDEX car_of_owner ON car (owner_id, created_at, id);
CREATE UNIQUE INDEX car_confirmed_vin ON car (vin) WHERE identity_confirmed;
CREATE UNIQUE INDEX car_confirmed_frame_number ON car (frame_number) WHERE identity_confirmed AND vin IS NULL;
COMMENT ON TABLE car IS 'Cars. A VIN that an owner typed is not unique until a work order confirms it.';
COMMENT ON COLUMN car.identity_disputed IS 'confirmed for another car as well: a moderator decides';
COMMENT ON COLUMN car.attested_at IS 'of the first attested fact: from then on VIN and frame number are fixed';
COMMENT ON COLUMN car.record_sequence IS 'of owners.record; sequence is of owners.car';

CREATE TABLE identity_claim (
    kind text NOT NULL CHECK (kind IN ('vin', 'frame_number')),
    number text NOT NULL,
    car_id uuid NOT NULL REFERENCES car,
    PRIMARY KEY (kind, number)
);
COMMENT ON TABLE identity_claim IS 'Whose a confirmed VIN or frame number is: who attests first has it.';
"""

RECORDS = """
CREATE TABLE service_entry (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    provenance text NOT NULL CHECK (provenance IN ('self_declared', 'attested')),
    service_date date NOT NULL,
    time_zone text NOT NULL,
    vendor text,
    lines jsonb NOT NULL,
    currency text,
    cost_minor bigint,
    next_due_km integer,
    next_due_months integer,
    note text,
    author_id uuid NOT NULL,
    center_id uuid,
    work_order_id uuid,
    work_order_number integer,
    revision integer,
    snapshot_sha256 text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    CONSTRAINT service_entry_work_order UNIQUE (work_order_id, revision),
    CHECK ((cost_minor IS NULL) = (currency IS NULL)),
    CHECK ((provenance = 'attested') = (work_order_id IS NOT NULL AND center_id IS NOT NULL
        AND work_order_number IS NOT NULL AND revision IS NOT NULL AND snapshot_sha256 IS NOT NULL))
);
CREATE INDEX service_entry_of_car ON service_entry (car_id, service_date, id);
COMMENT ON TABLE service_entry IS 'Services. An attested one is read-only for everybody, for ever.';
COMMENT ON COLUMN service_entry.lines IS 'title, kind, amount_minor';

CREATE TABLE expense (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    provenance text NOT NULL CHECK (provenance IN ('self_declared', 'attested')),
    expense_date date NOT NULL,
    time_zone text NOT NULL,
    category text NOT NULL CHECK (category IN
        ('service', 'parts', 'tyres', 'insurance', 'tax', 'parking', 'toll', 'fine', 'wash', 'other')),
    amount_minor bigint NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    note text,
    service_entry_id uuid CONSTRAINT expense_service_entry UNIQUE REFERENCES service_entry,
    author_id uuid NOT NULL,
    center_id uuid,
    work_order_id uuid,
    revision integer,
    snapshot_sha256 text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    CONSTRAINT expense_work_order UNIQUE (work_order_id, revision),
    CHECK ((provenance = 'attested') = (work_order_id IS NOT NULL AND center_id IS NOT NULL
        AND revision IS NOT NULL AND snapshot_sha256 IS NOT NULL AND service_entry_id IS NOT NULL))
);
CREATE INDEX expense_of_car ON expense (car_id, expense_date, id);
COMMENT ON TABLE expense IS 'Costs, each counted once. Of a service entry with a cost there is exactly one.';

CREATE TABLE odometer_reading (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    source text NOT NULL CHECK (source IN
        ('manual', 'fuel', 'service', 'expense', 'appointment_check_in', 'work_order', 'import', 'valuation')),
    provenance text NOT NULL CHECK (provenance IN ('self_declared', 'attested')),
    value numeric NOT NULL CHECK (value >= 0),
    unit text NOT NULL CHECK (unit IN ('km', 'mi')),
    km integer NOT NULL CHECK (km >= 0),
    observed_on date NOT NULL,
    observed_at timestamptz,
    time_zone text NOT NULL,
    listed_at timestamptz NOT NULL,
    service_entry_id uuid REFERENCES service_entry,
    expense_id uuid REFERENCES expense,
    center_id uuid,
    work_order_id uuid,
    revision integer,
    snapshot_sha256 text,
    author_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('ok', 'suspect', 'quarantined', 'rollback', 'replaced')),
    candidates_km integer[] NOT NULL DEFAULT '{}',
    CONSTRAINT odometer_reading_work_order UNIQUE (work_order_id, revision),
    CHECK ((provenance = 'attested') = (work_order_id IS NOT NULL AND center_id IS NOT NULL
        AND revision IS NOT NULL AND snapshot_sha256 IS NOT NULL))
);
CREATE INDEX odometer_reading_of_car ON odometer_reading (car_id, listed_at, id);
CREATE INDEX odometer_reading_of_service_entry ON odometer_reading (service_entry_id)
    WHERE service_entry_id IS NOT NULL;
CREATE INDEX odometer_reading_of_expense ON odometer_reading (expense_id) WHERE expense_id IS NOT NULL;
COMMENT ON TABLE odometer_reading IS 'Every reading there was, with what is thought of it. Distances are never stored.';
COMMENT ON COLUMN odometer_reading.value IS 'as entered; km is canonical';
COMMENT ON COLUMN odometer_reading.listed_at IS 'observed_at, or the start of the day in its zone';
COMMENT ON COLUMN odometer_reading.verdict IS 'replaced is final; the others are judged anew with every change';
"""

READ_MODELS = """
CREATE TABLE center (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    verification text NOT NULL,
    sequence bigint NOT NULL
);
COMMENT ON TABLE center IS 'Read model of sto.center.';

CREATE TABLE center_employee (
    id uuid PRIMARY KEY,
    center_id uuid NOT NULL,
    user_id uuid NOT NULL,
    active boolean NOT NULL,
    sequence bigint NOT NULL
);
CREATE INDEX center_employee_of_user ON center_employee (user_id, center_id) WHERE active;
COMMENT ON TABLE center_employee IS 'Read model of sto.employee.';

CREATE TABLE center_link (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    center_id uuid NOT NULL,
    scopes text[] NOT NULL,
    status text NOT NULL,
    expires_at timestamptz,
    sequence bigint NOT NULL
);
CREATE INDEX center_link_of_car ON center_link (car_id, center_id) WHERE status = 'approved';
COMMENT ON TABLE center_link IS 'Read model of sto.link.';
"""


def upgrade() -> None:
    create_chassis_tables(op)
    for tables in (PEOPLE, CARS, RECORDS, READ_MODELS):
        for statement in tables.split(";\n"):
            if statement.strip():
                op.execute(statement)
