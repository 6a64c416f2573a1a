"""Centers, their verification, their people and their links to cars."""

from alembic import op

from chassis.migrate import create_chassis_tables, forbid_changes

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE service_center (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    name_key text NOT NULL,
    city text NOT NULL,
    city_key text NOT NULL,
    street text NOT NULL,
    postal_code text,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    phones text[] NOT NULL,
    specialities text[] NOT NULL,
    makes text[] NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    prices_include_tax boolean NOT NULL,
    verification text NOT NULL CHECK (verification IN
        ('draft', 'submitted', 'in_review', 'information_requested', 'approved', 'rejected', 'suspended')),
    application_id uuid,
    reviewer_id uuid,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    version bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX service_center_newest ON service_center (created_at, id) WHERE verification = 'approved';
CREATE INDEX service_center_city ON service_center (city_key, created_at, id) WHERE verification = 'approved';
CREATE INDEX service_center_place ON service_center (latitude, longitude) WHERE verification = 'approved';
CREATE INDEX service_center_under_verification ON service_center (verification)
    WHERE verification NOT IN ('draft', 'approved');
COMMENT ON TABLE service_center IS 'The tenants.';
COMMENT ON COLUMN service_center.name_key IS 'as searched: case folded';
COMMENT ON COLUMN service_center.city_key IS 'as searched: case folded';
COMMENT ON COLUMN service_center.application_id IS 'the latest';
COMMENT ON COLUMN service_center.reviewer_id IS 'the moderator who took the latest application';

CREATE TABLE verification_application (
    id uuid PRIMARY KEY,
    center_id uuid NOT NULL REFERENCES service_center,
    number integer NOT NULL CHECK (number > 0),
    submitted_by uuid NOT NULL,
    submitted_at timestamptz NOT NULL,
    note text,
    documents jsonb NOT NULL,
    CONSTRAINT verification_application_number UNIQUE (center_id, number)
);
CREATE INDEX verification_application_oldest ON verification_application (submitted_at, id);
ALTER TABLE service_center ADD FOREIGN KEY (application_id) REFERENCES verification_application;
COMMENT ON TABLE verification_application IS 'Every submission there ever was. Append-only.';
COMMENT ON COLUMN verification_application.number IS '1, 2, 3 … of its center';
COMMENT ON COLUMN verification_application.documents IS 'references: name, sha256, media_type';

CREATE TABLE verification_decision (
    id uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES verification_application,
    center_id uuid NOT NULL REFERENCES service_center,
    move text NOT NULL CHECK (move IN ('take', 'approve', 'reject', 'request_information', 'suspend', 'reinstate')),
    previous text NOT NULL,
    status text NOT NULL,
    moderator_id uuid NOT NULL,
    reason text,
    decided_at timestamptz NOT NULL
);
CREATE INDEX verification_decision_application ON verification_decision (application_id, decided_at, id);
COMMENT ON TABLE verification_decision IS 'Every act of a moderator. Append-only.';

CREATE TABLE moderator (
    user_id uuid PRIMARY KEY,
    added_at timestamptz NOT NULL
);
COMMENT ON TABLE moderator IS 'Who decides about verifications. Named by the operators'' command line only.';

CREATE TABLE employee (
    id uuid PRIMARY KEY,
    center_id uuid NOT NULL REFERENCES service_center,
    user_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'receptionist', 'mechanic')),
    active boolean NOT NULL,
    joined_at timestamptz NOT NULL,
    left_at timestamptz,
    sequence bigint NOT NULL CHECK (sequence > 0),
    version bigint NOT NULL CHECK (version > 0),
    CHECK (active = (left_at IS NULL))
);
CREATE UNIQUE INDEX employee_active ON employee (center_id, user_id) WHERE active;
CREATE INDEX employee_centers ON employee (user_id, center_id);
CREATE INDEX employee_oldest ON employee (center_id, joined_at, id);
COMMENT ON TABLE employee IS 'Employments; who comes back gets another row.';

CREATE TABLE invitation (
    id uuid PRIMARY KEY,
    center_id uuid NOT NULL REFERENCES service_center,
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'receptionist', 'mechanic')),
    token_hash bytea NOT NULL CONSTRAINT invitation_token_hash UNIQUE,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    accepted_by uuid,
    accepted_at timestamptz,
    CHECK ((accepted_by IS NULL) = (accepted_at IS NULL))
);
CREATE INDEX invitation_open ON invitation (center_id, created_by) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
COMMENT ON TABLE invitation IS 'One-time links that make employees.';
COMMENT ON COLUMN invitation.token_hash IS 'SHA-256; the token itself is nowhere';

CREATE TABLE car_link (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    car_label text NOT NULL,
    center_id uuid NOT NULL REFERENCES service_center,
    scopes text[] NOT NULL CHECK (
        cardinality(scopes) > 0 AND scopes <@ ARRAY['odometer', 'history_read', 'create_visit']),
    status text NOT NULL CHECK (status IN ('requested', 'approved', 'declined', 'revoked', 'expired')),
    requested_by uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz,
    decided_at timestamptz,
    ended_at timestamptz,
    sequence bigint NOT NULL CHECK (sequence > 0),
    version bigint NOT NULL CHECK (version > 0)
);
CREATE UNIQUE INDEX car_link_open ON car_link (car_id, center_id) WHERE status IN ('requested', 'approved');
CREATE INDEX car_link_of_owner ON car_link (owner_id, requested_at, id);
CREATE INDEX car_link_of_center ON car_link (center_id, requested_at, id);
COMMENT ON TABLE car_link IS 'What access a center was given to a car.';
COMMENT ON COLUMN car_link.owner_id IS 'the car''s owner when it was requested: who decides';
COMMENT ON COLUMN car_link.car_label IS 'the car''s label when it was requested';

CREATE TABLE car (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    make text,
    model text,
    plate text,
    archived boolean NOT NULL,
    sequence bigint NOT NULL
);
COMMENT ON TABLE car IS 'Read model of owners.car.';

CREATE TABLE person (
    user_id uuid PRIMARY KEY,
    display_name text,
    erased boolean NOT NULL,
    sequence bigint NOT NULL,
    CHECK (NOT erased OR display_name IS NULL)
);
COMMENT ON TABLE person IS 'Read model of owners.profile.';
COMMENT ON COLUMN person.erased IS 'for good: no late event brings the name back'
"""


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for table in ("verification_application", "verification_decision"):
        forbid_changes(op, table)
