"""Rates with which entries in other currencies count in their car's."""

from alembic import op

from chassis.migrate import grant_api

revision = "0013"
down_revision = "0012"

AMOUNTS = {"fuel_entry": "total_minor", "service_entry": "cost_minor", "expense": "amount_minor"}
RATE = """
ALTER TABLE {table}
    ADD COLUMN rate numeric CHECK (rate > 0 AND scale(rate) <= 8),
    ADD COLUMN rate_to text CHECK (rate_to ~ '^[A-Z]{{3}}$'),
    ADD COLUMN converted_minor bigint CHECK (converted_minor >= 0),
    ADD CONSTRAINT {table}_rate_is_whole CHECK (num_nonnulls(rate, rate_to, converted_minor) IN (0, 3)),
    ADD CONSTRAINT {table}_rate_is_of_an_amount
        CHECK (rate IS NULL OR ({amount} IS NOT NULL AND currency IS NOT NULL AND currency <> rate_to));
COMMENT ON COLUMN {table}.rate IS 'units of the currency rate_to for one of the entry''s own';
COMMENT ON COLUMN {table}.converted_minor IS 'minor units of rate_to, half to even';
"""
RATED_FILLS = "CREATE INDEX fuel_entry_rated ON fuel_entry (car_id, energy_kind) WHERE rate IS NOT NULL"
SUMS = (
    "DROP VIEW monthly_cost_anew",
    "ALTER TABLE monthly_cost ADD COLUMN rate_to text NOT NULL DEFAULT ''",
    "ALTER TABLE monthly_cost ADD COLUMN converted_minor numeric NOT NULL DEFAULT 0",
    "ALTER TABLE monthly_cost DROP CONSTRAINT monthly_cost_pkey",
    "ALTER TABLE monthly_cost ADD PRIMARY KEY (car_id, owner_id, month, category, energy_kind, currency, rate_to)",
    "COMMENT ON COLUMN monthly_cost.rate_to IS 'what converted_minor is in; empty: these entries carry no rate'",
)

KEY = "car_id, owner_id, month, category, energy_kind, currency, rate_to"
ADDENDS = ("amount_minor", "converted_minor", "quantity", "entries", "priced", "measured")
AS_STORED = (
    *("car_id", "owner_id", "month", "category", "energy_kind", "currency", "amount_minor", "quantity", "entries"),
    *("priced", "measured", "rate_to", "converted_minor"),
)
COLUMNS = f"{KEY}, {', '.join(ADDENDS)}"
# What one entry adds. A fill counts under "fuel", with its total; how much of it counts in litres, kWh or kg.
TERMS = {
    "expense": """
        car_id, owner_id, date_trunc('month', expense_date::timestamp)::date AS month, category, '' AS energy_kind,
        currency, coalesce(rate_to, '') AS rate_to, amount_minor, coalesce(converted_minor, 0) AS converted_minor,
        0 AS quantity, 1 AS entries, 1 AS priced, 0 AS measured""",
    "fuel_entry": """
        car_id, owner_id, date_trunc('month', filled_on::timestamp)::date AS month, 'fuel' AS category, energy_kind,
        coalesce(currency, 'XXX') AS currency, coalesce(rate_to, '') AS rate_to,
        coalesce(total_minor, 0) AS amount_minor, coalesce(converted_minor, 0) AS converted_minor,
        coalesce(quantity, 0) AS quantity, 1 AS entries, (total_minor IS NOT NULL)::int AS priced,
        (quantity IS NOT NULL)::int AS measured""",
}


def cost_in_force(among: str = "") -> str:
    """What an expense comes to, as migration 0011 has it. Only self-declared ones carry rates: none is amended."""
    return (
        "coalesce((SELECT a.cost_minor FROM amendment a WHERE expense.provenance = 'attested' "
        f"AND a.service_entry_id = expense.service_entry_id AND a.cost_minor IS NOT NULL {among} "
        "ORDER BY a.kind = 'void' DESC, a.revision DESC LIMIT 1), expense.amount_minor)"
    )


IN_FORCE = TERMS | {
    "expense": TERMS["expense"].replace(" amount_minor,", f" {cost_in_force()} AS amount_minor,"),
}
ANEW = f"""
CREATE VIEW monthly_cost_anew WITH (security_invoker = true) AS
SELECT {", ".join(f"sum({name}) AS {name}" if name in ADDENDS else name for name in AS_STORED)}
FROM ({" UNION ALL ".join(f"SELECT {terms} FROM {table}" for table, terms in IN_FORCE.items())}) entry
GROUP BY {KEY}
"""
AMENDED = f"""
CREATE OR REPLACE FUNCTION sum_amendment_after_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO monthly_cost ({COLUMNS})
    SELECT {KEY}, sum(now_minor - before_minor), 0, 0, 0, 0, 0
    FROM (
        SELECT {TERMS["expense"]}, {cost_in_force()} AS now_minor,
            {cost_in_force("AND NOT EXISTS (SELECT FROM added n WHERE n.id = a.id)")} AS before_minor
        FROM expense WHERE service_entry_id IN (SELECT n.service_entry_id FROM added n)
    ) entry
    GROUP BY {KEY}
    HAVING sum(now_minor - before_minor) <> 0
    ORDER BY {KEY}  -- one order of locks for all
    ON CONFLICT ({KEY}) DO UPDATE SET amount_minor = monthly_cost.amount_minor + excluded.amount_minor;
    RETURN NULL;
END $$
"""
REBUILD = f"""
CREATE OR REPLACE FUNCTION rebuild_monthly_cost(car uuid) RETURNS bigint
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


def upgrade() -> None:
    for table, amount in AMOUNTS.items():
        for statement in RATE.format(table=table, amount=amount).strip().removesuffix(";").split(";\n"):
            op.execute(statement)
        grant_api(op, "owners", table, "UPDATE (rate, rate_to, converted_minor)")
    op.execute(RATED_FILLS)
    for statement in SUMS:
        op.execute(statement)
    op.execute(ANEW)
    for table, terms in TERMS.items():
        keep_sums(table, terms)
    op.execute(AMENDED)
    op.execute(REBUILD)


def keep_sums(table: str, terms: str) -> None:
    """The functions of the triggers that migration 0004 made, with two columns more."""
    added = f"SELECT {terms} FROM added"
    gone = ", ".join(f"-{name}" for name in ADDENDS)
    removed = f"SELECT {KEY}, {gone} FROM (SELECT {terms} FROM removed) entry"
    for event, sources in (
        ("insert", added),
        ("update", f"{added} UNION ALL {removed}"),
        ("delete", removed),
    ):
        op.execute(
            f"""
CREATE OR REPLACE FUNCTION sum_{table}_after_{event}() RETURNS trigger
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


def forget_empty(event: str, terms: str) -> str:
    if event == "insert":
        return ""
    return (
        f"DELETE FROM monthly_cost WHERE entries = 0 AND ({KEY}) IN "
        f"(SELECT {KEY} FROM (SELECT {terms} FROM removed) entry);"
    )
