"""Fuel entries, the consumption figures that they own, and sums of those figures."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant_api, grant_worker

revision = "0003"
down_revision = "0002"

ENERGY_KINDS = "('petrol', 'diesel', 'lpg', 'cng', 'electric', 'hydrogen')"

TABLES = f"""
CREATE TABLE fuel_entry (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    author_id uuid NOT NULL,
    filled_on date NOT NULL,
    filled_at timestamptz,
    time_zone text NOT NULL,
    listed_at timestamptz NOT NULL,
    energy_kind text NOT NULL CHECK (energy_kind IN {ENERGY_KINDS}),
    volume numeric CHECK (volume > 0 AND scale(volume) <= 3),
    volume_unit text NOT NULL CHECK (volume_unit IN ('l', 'gal_us', 'gal_uk', 'kwh', 'kg')),
    quantity numeric CHECK (quantity > 0),
    unit_price numeric CHECK (unit_price >= 0 AND scale(unit_price) <= 6),
    total_minor bigint CHECK (total_minor >= 0),
    currency text CHECK (currency ~ '^[A-Z]{{3}}$'),
    derived text CHECK (derived IN ('volume', 'unit_price', 'total')),
    discount_minor bigint,
    is_full boolean NOT NULL,
    soc_after integer CHECK (soc_after BETWEEN 0 AND 100),
    missed_before boolean NOT NULL,
    station text,
    note text,
    accepted_km integer CHECK (accepted_km >= 0),
    interval_from_id uuid,
    interval_km integer CHECK (interval_km > 0),
    interval_quantity numeric CHECK (interval_quantity > 0),
    interval_cost_minor bigint,
    interval_currency text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    CHECK ((volume IS NULL) = (quantity IS NULL)),
    CHECK ((currency IS NULL) = (total_minor IS NULL AND unit_price IS NULL)),
    CHECK (discount_minor IS NULL OR num_nonnulls(volume, unit_price, total_minor) = 3),
    CHECK (num_nonnulls(interval_from_id, interval_km, interval_quantity) IN (0, 3)),
    CHECK ((interval_cost_minor IS NULL) = (interval_currency IS NULL))
);
CREATE INDEX fuel_entry_of_car ON fuel_entry (car_id, listed_at, id);
CREATE INDEX fuel_entry_series ON fuel_entry (car_id, energy_kind, filled_on);
CREATE INDEX fuel_entry_interval_end ON fuel_entry (car_id, energy_kind, filled_on, accepted_km)
    WHERE interval_km IS NOT NULL;
CREATE INDEX fuel_entry_interval ON fuel_entry (car_id, energy_kind, listed_at, id) WHERE interval_km IS NOT NULL;
COMMENT ON TABLE fuel_entry IS 'Fuel and charging. The interval columns are the consumption figure that an entry owns.';
COMMENT ON COLUMN fuel_entry.filled_on IS 'the local date; filled_at is null when the time is not known';
COMMENT ON COLUMN fuel_entry.volume IS 'as entered; quantity is exact in litres, kWh or kg';
COMMENT ON COLUMN fuel_entry.derived IS 'which of volume, unit_price and total was computed from the other two';
COMMENT ON COLUMN fuel_entry.discount_minor IS 'volume x unit_price - total where they disagree; negative: a surcharge';
COMMENT ON COLUMN fuel_entry.soc_after IS 'percent of an electric car''s battery';
COMMENT ON COLUMN fuel_entry.accepted_km IS 'of its reading while that is ok';
COMMENT ON COLUMN fuel_entry.interval_from_id IS 'the anchor; this entry is the last one of the interval';

CREATE TABLE consumption_sum (
    car_id uuid NOT NULL REFERENCES car,
    energy_kind text NOT NULL CHECK (energy_kind IN {ENERGY_KINDS}),
    period text NOT NULL CHECK (period = 'all' OR period ~ '^[0-9]{{4}}-[0-9]{{2}}$'),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{{3}}$'),
    owner_id uuid NOT NULL,
    intervals integer NOT NULL CHECK (intervals > 0),
    km bigint NOT NULL CHECK (km > 0),
    quantity numeric NOT NULL CHECK (quantity > 0),
    cost_minor bigint NOT NULL CHECK (cost_minor >= 0),
    PRIMARY KEY (car_id, energy_kind, period, currency)
);
COMMENT ON TABLE consumption_sum IS 'Closed intervals, summed by the month of their last entry, and all of them.';
COMMENT ON COLUMN consumption_sum.currency IS 'XXX: what these intervals cost is not known in one currency';
"""

READINGS = (
    "ALTER TABLE odometer_reading ADD COLUMN fuel_entry_id uuid REFERENCES fuel_entry",
    """
    ALTER TABLE odometer_reading ADD CONSTRAINT odometer_reading_fuel_is_never_attested
        CHECK (fuel_entry_id IS NULL OR provenance = 'self_declared')
    """,
    "CREATE INDEX odometer_reading_of_fuel_entry ON odometer_reading (fuel_entry_id) WHERE fuel_entry_id IS NOT NULL",
)

FIGURE = "accepted_km, interval_from_id, interval_km, interval_quantity, interval_cost_minor, interval_currency"
EDITS = (
    "filled_on, filled_at, time_zone, listed_at, energy_kind, volume, volume_unit, quantity, unit_price, total_minor, "
    "currency, derived, discount_minor, is_full, soc_after, missed_before, station, note, updated_at, version"
)

OWN = f"owner_id = {CURRENT_USER_ID}"


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for statement in READINGS:
        op.execute(statement)
    grant_api(op, "owners", "fuel_entry", f"SELECT, INSERT, DELETE, UPDATE ({EDITS}, {FIGURE})")
    grant_api(op, "owners", "consumption_sum", "SELECT, INSERT, DELETE, UPDATE")
    # An attested reading may change what is thought of the others, and with it a consumption figure.
    grant_worker(op, "owners", "fuel_entry", f"SELECT, UPDATE ({FIGURE})")
    grant_worker(op, "owners", "consumption_sum", "SELECT, INSERT, DELETE, UPDATE")
    for table in ("fuel_entry", "consumption_sum"):
        secure(table)


def secure(table: str) -> None:
    """The owner's alone: a center never sees what somebody spends, nor where he buys it."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own ON {table} FOR SELECT TO owners_api USING ({OWN})")
    op.execute(f"CREATE POLICY write_own ON {table} FOR INSERT TO owners_api WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY edit_own ON {table} FOR UPDATE TO owners_api USING ({OWN}) WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY remove_own ON {table} FOR DELETE TO owners_api USING ({OWN})")
    op.execute(f"CREATE POLICY everything ON {table} TO owners_worker USING (true) WITH CHECK (true)")
