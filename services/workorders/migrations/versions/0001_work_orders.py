"""Work orders with their parts and their history."""

from alembic import op

from chassis.migrate import create_chassis_tables, forbid_changes

revision = "0001"
down_revision = None

WORK_ORDERS = """
CREATE TABLE work_order (
    id uuid PRIMARY KEY,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    car_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    status text NOT NULL CHECK (status IN ('draft', 'awaiting_approval', 'approved', 'declined', 'in_progress',
        'waiting_parts', 'on_hold', 'quality_check', 'ready', 'completed', 'cancelled')),
    version bigint NOT NULL CHECK (version > 0),
    sequence bigint NOT NULL CHECK (sequence > 0),
    center_name text NOT NULL,
    car_label text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    prices_include_tax boolean NOT NULL,
    four_eyes boolean NOT NULL,
    related_party boolean NOT NULL,
    complaint text,
    estimate_version integer,
    tolerance_minor bigint NOT NULL CHECK (tolerance_minor >= 0),
    submitted_for_check_by uuid,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT work_order_number UNIQUE (center_id, number),
    CHECK ((closed_at IS NOT NULL) = (status IN ('completed', 'cancelled')))
);
CREATE INDEX work_order_of_center ON work_order (center_id, opened_at, id);
CREATE INDEX work_order_of_owner ON work_order (owner_id, opened_at, id);
CREATE INDEX work_order_of_car ON work_order (car_id, opened_at, id);
COMMENT ON TABLE work_order IS 'ServiceVisit: one visit of a car to a center.';
COMMENT ON COLUMN work_order.number IS 'gapless per center';
COMMENT ON COLUMN work_order.version IS 'behind the ETag';
COMMENT ON COLUMN work_order.sequence IS 'of the last event';
COMMENT ON COLUMN work_order.estimate_version IS 'the latest one';

CREATE TABLE order_counter (
    center_id uuid PRIMARY KEY,
    last_number bigint NOT NULL CHECK (last_number > 0)
);
COMMENT ON TABLE order_counter IS 'Its row lock makes order numbers gapless.';

CREATE TABLE job (
    id uuid PRIMARY KEY,
    work_order_id uuid NOT NULL REFERENCES work_order,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    title text NOT NULL,
    status text NOT NULL CHECK (status IN ('proposed', 'sent', 'authorised', 'declined', 'void')),
    authorised_version integer,
    CHECK ((authorised_version IS NOT NULL) = (status = 'authorised'))
);
CREATE INDEX job_of_order ON job (work_order_id);
COMMENT ON COLUMN job.authorised_version IS 'the estimate version whose decision is in force';

CREATE TABLE labor_line (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES job,
    work_order_id uuid NOT NULL REFERENCES work_order,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    operation text NOT NULL,
    hours numeric NOT NULL CHECK (hours > 0),
    rate numeric NOT NULL CHECK (rate >= 0),
    mechanic_id uuid,
    discount_minor bigint NOT NULL CHECK (discount_minor >= 0),
    order_discount_minor bigint NOT NULL CHECK (order_discount_minor >= 0),
    tax_percent numeric NOT NULL CHECK (tax_percent BETWEEN 0 AND 100),
    next_service_km integer CHECK (next_service_km > 0),
    next_service_months integer CHECK (next_service_months > 0)
);
CREATE INDEX labor_line_of_order ON labor_line (work_order_id);
CREATE INDEX labor_line_of_job ON labor_line (job_id);
CREATE INDEX ix_labor_line_mechanic_id ON labor_line (mechanic_id);
COMMENT ON TABLE labor_line IS 'ServiceWorkItem.';
COMMENT ON COLUMN labor_line.order_discount_minor IS 'its share of the estimate''s discount';

CREATE TABLE product_line (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES job,
    work_order_id uuid NOT NULL REFERENCES work_order,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind IN ('part', 'fluid', 'material')),
    name text NOT NULL,
    sku text,
    quantity numeric NOT NULL CHECK (quantity > 0),
    unit text NOT NULL,
    price numeric NOT NULL CHECK (price >= 0),
    batch text,
    warranty text,
    customer_supplied boolean NOT NULL,
    discount_minor bigint NOT NULL CHECK (discount_minor >= 0),
    order_discount_minor bigint NOT NULL CHECK (order_discount_minor >= 0),
    tax_percent numeric NOT NULL CHECK (tax_percent BETWEEN 0 AND 100),
    next_service_km integer CHECK (next_service_km > 0),
    next_service_months integer CHECK (next_service_months > 0)
);
CREATE INDEX product_line_of_order ON product_line (work_order_id);
CREATE INDEX product_line_of_job ON product_line (job_id);
COMMENT ON TABLE product_line IS 'ServiceProductItem.';
COMMENT ON COLUMN product_line.order_discount_minor IS 'its share of the estimate''s discount'
"""

RECORDS = """
CREATE TABLE estimate (
    id uuid PRIMARY KEY,
    work_order_id uuid NOT NULL REFERENCES work_order,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    content text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    total_minor bigint NOT NULL,
    tolerance_minor bigint NOT NULL,
    sent_at timestamptz NOT NULL,
    sent_by uuid NOT NULL,
    valid_until timestamptz NOT NULL,
    CONSTRAINT estimate_version UNIQUE (work_order_id, version)
);
COMMENT ON TABLE estimate IS 'Frozen estimate versions. Append-only.';
COMMENT ON COLUMN estimate.content IS 'RFC 8785 canonical JSON';

CREATE TABLE estimate_outcome (
    work_order_id uuid NOT NULL REFERENCES work_order,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    version integer NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('decided', 'superseded')),
    reason text,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT estimate_outcome_pkey PRIMARY KEY (work_order_id, version, outcome)
);
COMMENT ON TABLE estimate_outcome IS 'What became of estimate versions. Append-only.';
COMMENT ON COLUMN estimate_outcome.outcome IS 'decided or superseded; a declined version can be both in turn';

CREATE TABLE decision (
    work_order_id uuid NOT NULL REFERENCES work_order,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    job_id uuid NOT NULL,
    estimate_version integer NOT NULL,
    estimate_sha256 text NOT NULL,
    title text NOT NULL,
    choice text NOT NULL CHECK (choice IN ('authorised', 'declined')),
    total_minor bigint NOT NULL,
    decided_at timestamptz NOT NULL,
    decided_by uuid NOT NULL,
    role text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('owner', 'phone', 'in_person', 'message')),
    given_by text CHECK (given_by IN ('owner', 'representative')),
    given_at timestamptz,
    reason text,
    added_minor bigint,
    revised_total_minor bigint,
    CONSTRAINT decision_pkey PRIMARY KEY (work_order_id, estimate_version, job_id),
    CHECK (num_nonnulls(given_by, given_at, reason, added_minor, revised_total_minor)
        = CASE channel WHEN 'owner' THEN 0 ELSE 5 END)
);
COMMENT ON TABLE decision IS 'Who authorised or declined which job, on which estimate version. Append-only.';
COMMENT ON COLUMN decision.given_by IS 'this and what follows: evidence of consent that staff recorded';

CREATE TABLE status_history (
    id uuid PRIMARY KEY,
    work_order_id uuid NOT NULL REFERENCES work_order,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    sequence bigint NOT NULL,
    from_status text,
    to_status text NOT NULL,
    actor_id uuid,
    role text NOT NULL,
    reason text,
    occurred_at timestamptz NOT NULL,
    CONSTRAINT status_history_sequence UNIQUE (work_order_id, sequence)
);
COMMENT ON TABLE status_history IS 'WorkOrderStatusHistory. Append-only.';
COMMENT ON COLUMN status_history.actor_id IS 'null: a timer';

CREATE TABLE snapshot (
    work_order_id uuid PRIMARY KEY REFERENCES work_order,
    center_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    car_id uuid NOT NULL,
    content text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    completed_at timestamptz NOT NULL
);
COMMENT ON TABLE snapshot IS 'What a completed order says for ever. Append-only.';
COMMENT ON COLUMN snapshot.content IS 'RFC 8785 canonical JSON, as published'
"""

# Looks past row-level security: whoever changes a part or adds a record, the state of its order decides. Whatever
# closes an order therefore writes the order's own row last.
CLOSED_ORDERS = (
    """
CREATE FUNCTION refuse_change_of_closed_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.work_order
               WHERE id IN (NEW.work_order_id, OLD.work_order_id) AND status IN ('completed', 'cancelled')) THEN
        RAISE EXCEPTION 'the work order is closed' USING ERRCODE = 'CP001';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$
    """,
    """
CREATE FUNCTION refuse_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN ('completed', 'cancelled') THEN
        RAISE EXCEPTION 'the work order is closed' USING ERRCODE = 'CP001';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$
    """,
    """
CREATE TRIGGER work_order_closed BEFORE UPDATE OR DELETE ON work_order
FOR EACH ROW EXECUTE FUNCTION refuse_reopening()
    """,
)
PARTS = ("job", "labor_line", "product_line")
APPEND_ONLY = ("estimate", "estimate_outcome", "decision", "status_history", "snapshot")


def upgrade() -> None:
    create_chassis_tables(op)
    for tables in (WORK_ORDERS, RECORDS):
        for statement in tables.split(";\n"):
            op.execute(statement)
    for table in APPEND_ONLY:
        forbid_changes(op, table)
    for statement in CLOSED_ORDERS:
        op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_closed BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_closed_order()"
        )
    for table in PARTS:
        op.execute(
            f"CREATE TRIGGER {table}_closed BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_closed_order()"
        )
    for table in (*PARTS, "work_order"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
