"""Expenses that come back."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant_api, grant_worker

revision = "0009"
down_revision = "0008"

TABLE = """
CREATE TABLE expense_schedule (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    author_id uuid NOT NULL,
    category text NOT NULL CHECK (category IN
        ('service', 'parts', 'tyres', 'insurance', 'tax', 'parking', 'toll', 'fine', 'wash', 'other')),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    note text,
    time_zone text NOT NULL,
    starts_on date NOT NULL,
    every_months integer NOT NULL CHECK (every_months BETWEEN 1 AND 120),
    ends_on date CHECK (ends_on >= starts_on),
    entered integer NOT NULL CHECK (entered >= 0),
    ended_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX expense_schedule_of_car ON expense_schedule (car_id, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX expense_schedule_of_owner ON expense_schedule (owner_id);
COMMENT ON TABLE expense_schedule IS 'Expenses that come back; a timer enters each one on its day.';
COMMENT ON COLUMN expense_schedule.entered IS 'how many have come since the start';

ALTER TABLE expense ADD COLUMN schedule_id uuid REFERENCES expense_schedule;
COMMENT ON COLUMN expense.schedule_id IS 'that entered it'
"""

CALLER = CURRENT_USER_ID
OWN = f"owner_id = {CALLER}"
OWN_NOW = f"({OWN} AND car_id = ANY (ARRAY(SELECT c.id FROM car c WHERE c.{OWN})))"
READABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller)"
ADDABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role <> 'viewer')"
MANAGED = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role = 'manager')"
EDITS = (
    "category, amount_minor, currency, note, time_zone, starts_on, every_months, ends_on, entered, ended_at, "
    "updated_at, version"
)


def upgrade() -> None:
    for statement in TABLE.split(";\n"):
        op.execute(statement)
    grant_api(op, "owners", "expense_schedule", f"SELECT, INSERT, UPDATE ({EDITS})")
    grant_worker(op, "owners", "expense_schedule", "SELECT, UPDATE (entered)")
    op.execute("ALTER TABLE expense_schedule ENABLE ROW LEVEL SECURITY")
    own_work = f"({ADDABLE} AND author_id = {CALLER})"
    policies = {
        "see": f"FOR SELECT TO owners_api USING ({OWN} OR {READABLE})",
        "add": f"FOR INSERT TO owners_api WITH CHECK ({OWN_NOW} OR {own_work})",
        "edit": f"FOR UPDATE TO owners_api USING ({OWN} OR {own_work} OR {MANAGED})",
        "everything": "TO owners_worker USING (true) WITH CHECK (true)",
    }
    for name, policy in policies.items():
        op.execute(f"CREATE POLICY {name} ON expense_schedule {policy}")
