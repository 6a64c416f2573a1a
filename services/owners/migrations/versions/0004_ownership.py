"""What a car itself costs (depreciation, loan, valuations), and monthly sums of what is spent on it."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, enable_row_security, grant_api, grant_worker

revision = "0004"
down_revision = "0003"

SETTINGS = """
CREATE TABLE depreciation (
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    method text NOT NULL CHECK (method IN ('straight_line', 'declining', 'by_distance')),
    residual_minor bigint NOT NULL CHECK (residual_minor >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    years_of_life numeric CHECK (years_of_life > 0),
    first_year_percent numeric CHECK (first_year_percent BETWEEN 0 AND 100),
    later_percent numeric CHECK (later_percent BETWEEN 0 AND 100),
    life_km integer CHECK (life_km > 0),
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (car_id, owner_id),
    CHECK ((method = 'straight_line') = (years_of_life IS NOT NULL)),
    CHECK ((method = 'declining') = (first_year_percent IS NOT NULL)),
    CHECK ((method = 'declining') = (later_percent IS NOT NULL)),
    CHECK ((method = 'by_distance') = (life_km IS NOT NULL))
);
COMMENT ON TABLE depreciation IS 'How an owner lets a car lose its value. The price is the car''s purchase price.';

CREATE TABLE loan (
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    principal_minor bigint NOT NULL CHECK (principal_minor > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    annual_rate_percent numeric NOT NULL CHECK (annual_rate_percent >= 0),
    months integer NOT NULL CHECK (months BETWEEN 1 AND 600),
    first_payment_on date NOT NULL,
    extra_payments jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (car_id, owner_id)
);
COMMENT ON TABLE loan IS 'The terms. The schedule is computed from them, never stored.';
COMMENT ON COLUMN loan.extra_payments IS 'paid_on, amount_minor, effect';

CREATE TABLE valuation (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    valued_on date NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL,
    CONSTRAINT valuation_of_day UNIQUE (car_id, owner_id, valued_on)
);
COMMENT ON TABLE valuation IS 'What an owner says that a car was worth at the end of a day.';
"""

SUMS = """
CREATE TABLE monthly_cost (
    car_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    category text NOT NULL,
    energy_kind text NOT NULL,
    currency text NOT NULL,
    amount_minor numeric NOT NULL,
    quantity numeric NOT NULL,
    entries bigint NOT NULL,
    priced bigint NOT NULL,
    measured bigint NOT NULL,
    PRIMARY KEY (car_id, owner_id, month, category, energy_kind, currency)
) WITH (fillfactor = 90);
COMMENT ON TABLE monthly_cost IS 'Sums of expenses and fills by local month, kept by triggers: see monthly_cost_anew.';
COMMENT ON COLUMN monthly_cost.energy_kind IS 'empty for what is no fuel';
COMMENT ON COLUMN monthly_cost.currency IS 'XXX: no entry tells one';
COMMENT ON COLUMN monthly_cost.priced IS 'how many of the entries tell what they cost; measured: how much was filled';

CREATE INDEX odometer_reading_ok ON odometer_reading (car_id, observed_on, km) WHERE verdict = 'ok'
"""

KEY = "car_id, owner_id, month, category, energy_kind, currency"
ADDENDS = ("amount_minor", "quantity", "entries", "priced", "measured")
COLUMNS = f"{KEY}, {', '.join(ADDENDS)}"
# What one entry adds. A fill counts under "fuel", with its total; how much of it counts in litres, kWh or kg.
TERMS = {
    "expense": """
        car_id, owner_id, date_trunc('month', expense_date::timestamp)::date AS month, category, '' AS energy_kind,
        currency, amount_minor, 0 AS quantity, 1 AS entries, 1 AS priced, 0 AS measured""",
    "fuel_entry": """
        car_id, owner_id, date_trunc('month', filled_on::timestamp)::date AS month, 'fuel' AS category, energy_kind,
        coalesce(currency, 'XXX') AS currency, coalesce(total_minor, 0) AS amount_minor,
        coalesce(quantity, 0) AS quantity, 1 AS entries, (total_minor IS NOT NULL)::int AS priced,
        (quantity IS NOT NULL)::int AS measured""",
}
ANEW = f"""
CREATE VIEW monthly_cost_anew WITH (security_invoker = true) AS
SELECT {KEY}, {", ".join(f"sum({name}) AS {name}" for name in ADDENDS)}
FROM ({" UNION ALL ".join(f"SELECT {terms} FROM {table}" for table, terms in TERMS.items())}) entry
GROUP BY {KEY}
"""
REBUILD = f"""
CREATE FUNCTION rebuild_monthly_cost(car uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wrong bigint;
BEGIN
    PERFORM FROM car c WHERE c.id = $1 FOR NO KEY UPDATE;  -- as every command does before it changes an entry
    SELECT count(*) INTO wrong FROM (
        (SELECT {COLUMNS} FROM monthly_cost WHERE car_id = $1
            EXCEPT SELECT {COLUMNS} FROM monthly_cost_anew WHERE car_id = $1)
        UNION ALL
        (SELECT {COLUMNS} FROM monthly_cost_anew WHERE car_id = $1
            EXCEPT SELECT {COLUMNS} FROM monthly_cost WHERE car_id = $1)) difference;
    IF wrong > 0 THEN
        DELETE FROM monthly_cost WHERE car_id = $1;
        INSERT INTO monthly_cost ({COLUMNS}) SELECT {COLUMNS} FROM monthly_cost_anew WHERE car_id = $1;
    END IF;
    RETURN wrong;
END $$
"""

OWN = f"owner_id = {CURRENT_USER_ID}"
EDITS = {
    "depreciation": (
        "method, residual_minor, currency, years_of_life, first_year_percent, later_percent, life_km, updated_at, "
        "version"
    ),
    "loan": (
        "principal_minor, currency, annual_rate_percent, months, first_payment_on, extra_payments, updated_at, version"
    ),
}


def upgrade() -> None:
    for tables in (SETTINGS, SUMS):
        for statement in tables.split(";\n"):
            if statement.strip():
                op.execute(statement)
    op.execute(ANEW)
    op.execute(f"INSERT INTO monthly_cost ({COLUMNS}) SELECT {COLUMNS} FROM monthly_cost_anew")
    for table, terms in TERMS.items():
        keep_sums(table, terms)
    op.execute(REBUILD)
    op.execute("REVOKE EXECUTE ON FUNCTION rebuild_monthly_cost(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION rebuild_monthly_cost(uuid) TO owners_worker")
    for table, edits in EDITS.items():
        grant_api(op, "owners", table, f"SELECT, INSERT, DELETE, UPDATE ({edits})")
    grant_api(op, "owners", "valuation", "SELECT, INSERT, DELETE")
    for table in (*EDITS, "valuation"):
        # Of a car that is the caller's: nobody plants a loan in somebody else's.
        own_car = f"{OWN} AND car_id IN (SELECT c.id FROM car c WHERE c.{OWN})"
        enable_row_security(op, table, "own", "owners_api", OWN, own_car)
    # Only the triggers write sums, with the rights of the tables' owner.
    grant_api(op, "owners", "monthly_cost", "SELECT")
    grant_worker(op, "owners", "monthly_cost", "SELECT")
    enable_row_security(op, "monthly_cost", "own", "owners_api", OWN)
    op.execute("CREATE POLICY everything ON monthly_cost TO owners_worker USING (true)")


def keep_sums(table: str, terms: str) -> None:
    """Once a statement, however many rows it wrote, and whoever wrote them: nobody has to think of the sums."""
    added = f"SELECT {terms} FROM added"
    gone = ", ".join(f"-{name}" for name in ADDENDS)
    removed = f"SELECT {KEY}, {gone} FROM (SELECT {terms} FROM removed) entry"
    for event, rows, sources in (
        ("INSERT", "REFERENCING NEW TABLE AS added", added),
        ("UPDATE", "REFERENCING OLD TABLE AS removed NEW TABLE AS added", f"{added} UNION ALL {removed}"),
        ("DELETE", "REFERENCING OLD TABLE AS removed", removed),
    ):
        function = f"sum_{table}_after_{event.lower()}"
        op.execute(
            f"""
CREATE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO monthly_cost ({COLUMNS})
    SELECT {KEY}, {", ".join(f"sum({name})" for name in ADDENDS)}
    FROM ({sources}) AS entry ({COLUMNS})
    GROUP BY {KEY}
    HAVING {" OR ".join(f"sum({name}) <> 0" for name in ADDENDS)}
    ORDER BY {KEY}  -- one order of locks for all
    ON CONFLICT ({KEY}) DO UPDATE
    SET {", ".join(f"{name} = monthly_cost.{name} + excluded.{name}" for name in ADDENDS)};
    {forget_empty(event, terms)}
    RETURN NULL;
END $$
            """
        )
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function}() FROM PUBLIC")
        op.execute(
            f"CREATE TRIGGER {table}_sums_after_{event.lower()} AFTER {event} ON {table} {rows} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )


def forget_empty(event: str, terms: str) -> str:
    if event == "INSERT":
        return ""
    return (
        f"DELETE FROM monthly_cost WHERE entries = 0 AND ({KEY}) IN "
        f"(SELECT {KEY} FROM (SELECT {terms} FROM removed) entry);"
    )
