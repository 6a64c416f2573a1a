"""Replaced meters: what is due by distance is compared on all meters that a car has had."""

from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = {
    "recommendation": "what the meter of due_km shows too little",
    "attested_service": "what the meter it put in shows too little; 0: it put in none",
    "car_odometer": "what the meter that showed it shows too little",
}


def upgrade() -> None:
    for table, comment in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN meter_offset_km integer NOT NULL DEFAULT 0")
        op.execute(f"COMMENT ON COLUMN {table}.meter_offset_km IS '{comment}'")
    op.execute("CREATE INDEX attested_service_meter ON attested_service (car_id) WHERE meter_offset_km <> 0")
