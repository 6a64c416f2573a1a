"""Read models, audit, timeline, recommendations, facts and scores."""

from alembic import op

from chassis import migrate

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE car (
    car_id UUID NOT NULL,
    owner_id UUID NOT NULL,
    archived BOOLEAN NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (car_id)
);
CREATE TABLE employee (
    employee_id UUID NOT NULL,
    center_id UUID NOT NULL,
    user_id UUID NOT NULL,
    active BOOLEAN NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (employee_id)
);
CREATE INDEX employee_user ON employee (user_id) WHERE active;
CREATE TABLE car_link (
    link_id UUID NOT NULL,
    car_id UUID NOT NULL,
    center_id UUID NOT NULL,
    reads_history BOOLEAN NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (link_id)
);
CREATE INDEX car_link_car ON car_link (car_id);
CREATE TABLE audit_chain (
    tenant UUID NOT NULL,
    height BIGINT NOT NULL,
    head BYTEA NOT NULL,
    PRIMARY KEY (tenant)
);
CREATE TABLE audit_row (
    tenant UUID NOT NULL,
    height BIGINT NOT NULL,
    event_id UUID NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    actor_id UUID,
    actor_role TEXT NOT NULL,
    concerns UUID[] NOT NULL,
    record BYTEA NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT audit_row_pkey PRIMARY KEY (tenant, height),
    CONSTRAINT audit_row_event UNIQUE (event_id)
);
CREATE INDEX audit_row_actor ON audit_row (actor_id, occurred_at);
CREATE INDEX audit_row_concerns ON audit_row USING gin (concerns);
CREATE INDEX audit_row_subject ON audit_row (subject, occurred_at);
CREATE TABLE engagement_event (
    id UUID NOT NULL,
    car_id UUID NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    private BOOLEAN NOT NULL,
    center_id UUID,
    work_order_id UUID,
    details JSONB NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX engagement_event_car ON engagement_event (car_id, occurred_at DESC, id DESC);
CREATE TABLE recommendation (
    id UUID NOT NULL,
    work_order_id UUID NOT NULL,
    item_id UUID NOT NULL,
    revision INTEGER NOT NULL,
    car_id UUID NOT NULL,
    owner_id UUID NOT NULL,
    center_id UUID NOT NULL,
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    matter TEXT NOT NULL,
    due_km INTEGER,
    due_on DATE,
    status TEXT NOT NULL,
    kept BOOLEAN,
    related_party BOOLEAN NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    settled_by UUID,
    sequence BIGINT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT recommendation_business_key UNIQUE (work_order_id, item_id, revision)
);
CREATE INDEX recommendation_car ON recommendation (car_id, opened_at DESC, id DESC);
CREATE TABLE attested_service (
    work_order_id UUID NOT NULL,
    car_id UUID NOT NULL,
    serviced_on DATE NOT NULL,
    completed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    related_party BOOLEAN NOT NULL,
    PRIMARY KEY (work_order_id)
);
CREATE INDEX attested_service_car ON attested_service (car_id);
CREATE TABLE history_entry (
    entry_id UUID NOT NULL,
    car_id UUID NOT NULL,
    entry_on DATE NOT NULL,
    proven BOOLEAN NOT NULL,
    work_order_id UUID,
    removed BOOLEAN NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (entry_id)
);
CREATE INDEX history_entry_car ON history_entry (car_id);
CREATE TABLE car_reading (
    reading_id UUID NOT NULL,
    car_id UUID NOT NULL,
    observed_on DATE NOT NULL,
    verdict TEXT NOT NULL,
    removed BOOLEAN NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (reading_id)
);
CREATE INDEX car_reading_car ON car_reading (car_id);
CREATE TABLE car_odometer (
    car_id UUID NOT NULL,
    last_ok_km INTEGER,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (car_id)
);
CREATE TABLE vehicle_score (
    car_id UUID NOT NULL,
    value INTEGER,
    confidence DOUBLE PRECISION NOT NULL,
    parts JSONB NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (car_id)
);
CREATE TABLE vehicle_score_history (
    car_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    value INTEGER,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT vehicle_score_history_pkey PRIMARY KEY (car_id, sequence)
);
"""

READ_MODELS = ("car", "employee", "car_link", "car_odometer")
PROJECTIONS = (
    "recommendation",
    "attested_service",
    "history_entry",
    "car_reading",
    "vehicle_score",
    "vehicle_score_history",
)
APPEND_ONLY = ("audit_row", "engagement_event")


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    migrate.create_chassis_tables(op)
    migrate.grant(op, "trust")
    for table in (*READ_MODELS, *PROJECTIONS):
        migrate.grant_api(op, "trust", table, "SELECT")
        migrate.grant_worker(op, "trust", table, "SELECT, INSERT, UPDATE")
    migrate.grant_api(op, "trust", "recommendation", "UPDATE (status, kept, settled_by, sequence, version)")
    for table in APPEND_ONLY:
        migrate.grant_api(op, "trust", table, "SELECT")
        migrate.grant_worker(op, "trust", table, "SELECT, INSERT")
        migrate.forbid_changes(op, table)
    migrate.grant_worker(op, "trust", "audit_chain", "SELECT, INSERT, UPDATE")
    concerned = f"{migrate.CURRENT_USER_ID} = ANY (concerns)"
    migrate.enable_row_security(op, "audit_row", "audit_row_concerned", "trust_api", concerned)
    op.execute("CREATE POLICY audit_row_worker ON audit_row TO trust_worker USING (true) WITH CHECK (true)")


def downgrade() -> None:
    raise NotImplementedError("the audit log is never dropped by a migration")
