"""Amendments: what an accepted correction changes of attested work. The original stays, and both are read."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant_api, grant_worker

revision = "0011"
down_revision = "0010"

TABLE = """
CREATE TABLE amendment (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    service_entry_id uuid NOT NULL REFERENCES service_entry,
    center_id uuid NOT NULL,
    work_order_id uuid NOT NULL,
    revision integer NOT NULL CHECK (revision >= 2),
    correction_id uuid NOT NULL CONSTRAINT amendment_correction UNIQUE,
    kind text NOT NULL CHECK (kind IN ('work', 'money', 'odometer', 'void')),
    reason text NOT NULL,
    lines jsonb,
    cost_minor bigint,
    next_due_km integer,
    next_due_months integer,
    proposed_by uuid NOT NULL,
    proposed_role text NOT NULL,
    accepted_by uuid NOT NULL,
    accepted_role text NOT NULL,
    accepted_at timestamptz NOT NULL,
    snapshot_sha256 text NOT NULL,
    amendment_sha256 text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT amendment_work_order UNIQUE (work_order_id, revision),
    CHECK ((kind = 'odometer') = (lines IS NULL)),
    CHECK ((kind = 'odometer') = (cost_minor IS NULL)),
    CHECK (kind IN ('work', 'money') OR num_nonnulls(next_due_km, next_due_months) = 0),
    CHECK (kind <> 'void' OR cost_minor = 0)
);
CREATE INDEX amendment_of_service_entry ON amendment (service_entry_id, revision);
CREATE INDEX amendment_of_car ON amendment (car_id);
COMMENT ON TABLE amendment IS 'Accepted corrections of attested work: read-only for everybody, for ever.';
COMMENT ON COLUMN amendment.lines IS 'all, as service_entry.lines; null: lines and cost stay as they are'
"""

CALLER = CURRENT_USER_ID
OWN = f"owner_id = {CALLER}"
PRESENT = f"car_id = ANY (ARRAY(SELECT c.id FROM car c WHERE c.{OWN}))"
READABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller)"
SHARED = "car_id = ANY (ARRAY(SELECT s.car_id FROM shared_with_caller s))"
AT_CENTER = "caller_reads_history(car_id)"
# Goes where its entry goes. What was paid, and what was said about that, stays with who paid it.
SEE = f"{OWN} OR {READABLE} OR (kind <> 'money' AND ({PRESENT} OR {SHARED} OR {AT_CENTER}))"

READ_ONLY = """
CREATE TRIGGER amendment_stays BEFORE UPDATE OR DELETE ON amendment
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_attested();
CREATE TRIGGER amendment_no_truncate BEFORE TRUNCATE ON amendment
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_attested()
"""

KEY = "car_id, owner_id, month, category, energy_kind, currency"
ADDENDS = ("amount_minor", "quantity", "entries", "priced", "measured")
COLUMNS = f"{KEY}, {', '.join(ADDENDS)}"
MONTH = "date_trunc('month', e.expense_date::timestamp)::date AS month"


def cost_in_force(among: str = "") -> str:
    """What the expense `e` comes to: a void counts for ever, of the others the latest."""
    return (
        "coalesce((SELECT a.cost_minor FROM amendment a WHERE e.provenance = 'attested' "
        f"AND a.service_entry_id = e.service_entry_id AND a.cost_minor IS NOT NULL {among} "
        "ORDER BY a.kind = 'void' DESC, a.revision DESC LIMIT 1), e.amount_minor)"
    )


ANEW = f"""
CREATE OR REPLACE VIEW monthly_cost_anew WITH (security_invoker = true) AS
SELECT {KEY}, {", ".join(f"sum({name}) AS {name}" for name in ADDENDS)}
FROM (
    SELECT e.car_id, e.owner_id, {MONTH}, e.category, '' AS energy_kind, e.currency, {cost_in_force()} AS amount_minor,
        0 AS quantity, 1 AS entries, 1 AS priced, 0 AS measured
    FROM expense e
    UNION ALL
    SELECT car_id, owner_id, date_trunc('month', filled_on::timestamp)::date AS month, 'fuel' AS category, energy_kind,
        coalesce(currency, 'XXX') AS currency, coalesce(total_minor, 0) AS amount_minor,
        coalesce(quantity, 0) AS quantity, 1 AS entries, (total_minor IS NOT NULL)::int AS priced,
        (quantity IS NOT NULL)::int AS measured
    FROM fuel_entry
) entry
GROUP BY {KEY}
"""
# An amendment never goes, so what it adds is all that there is to do.
SUM = f"""
CREATE FUNCTION sum_amendment_after_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO monthly_cost ({COLUMNS})
    SELECT {KEY}, sum(now_minor - before_minor), 0, 0, 0, 0
    FROM (
        SELECT e.car_id, e.owner_id, {MONTH}, e.category, '' AS energy_kind, e.currency, {cost_in_force()} AS now_minor,
            {cost_in_force("AND NOT EXISTS (SELECT FROM added n WHERE n.id = a.id)")} AS before_minor
        FROM expense e WHERE e.service_entry_id IN (SELECT n.service_entry_id FROM added n)
    ) entry
    GROUP BY {KEY}
    HAVING sum(now_minor - before_minor) <> 0
    ORDER BY {KEY}  -- one order of locks for all
    ON CONFLICT ({KEY}) DO UPDATE SET amount_minor = monthly_cost.amount_minor + excluded.amount_minor;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    for statement in (*TABLE.split(";\n"), *READ_ONLY.split(";\n"), ANEW, SUM):
        op.execute(statement)
    op.execute("REVOKE EXECUTE ON FUNCTION sum_amendment_after_insert() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER amendment_sums_after_insert AFTER INSERT ON amendment REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION sum_amendment_after_insert()"
    )
    grant_api(op, "owners", "amendment", "SELECT")
    grant_worker(op, "owners", "amendment", "SELECT, INSERT")
    op.execute("ALTER TABLE amendment ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY see ON amendment FOR SELECT TO owners_api USING ({SEE})")
    op.execute("CREATE POLICY everything ON amendment TO owners_worker USING (true) WITH CHECK (true)")
