"""The statements of `bench.baselines.attesting`."""

from __future__ import annotations

from typing import Final

CLAIM: Final = """
    INSERT INTO inbox (consumer, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS new (id)
    ON CONFLICT DO NOTHING RETURNING event_id
"""
LOCK_CARS: Final = "SELECT * FROM car WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
READINGS: Final = """
    SELECT car_id, id, value, unit, km, observed_on, observed_at, provenance, verdict
    FROM odometer_reading WHERE car_id = ANY($1::uuid[])
"""
SERVICE_ENTRIES: Final = """
    INSERT INTO service_entry (id, car_id, owner_id, provenance, service_date, time_zone, vendor, lines, currency,
        cost_minor, next_due_km, next_due_months, author_id, center_id, work_order_id, work_order_number, revision,
        snapshot_sha256, created_at, updated_at, version)
    SELECT id, car_id, owner_id, 'attested', service_date, time_zone, vendor, lines::jsonb, currency, cost_minor,
        next_due_km, next_due_months, author_id, center_id, work_order_id, number, revision, sha256, at, at, 1
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::bigint[], $10::integer[], $11::integer[], $12::uuid[], $13::uuid[], $14::uuid[], $15::integer[],
        $16::integer[], $17::text[], $18::timestamptz[])
        AS new (id, car_id, owner_id, service_date, time_zone, vendor, lines, currency, cost_minor, next_due_km,
            next_due_months, author_id, center_id, work_order_id, number, revision, sha256, at)
    ON CONFLICT DO NOTHING
"""
EXPENSES: Final = """
    INSERT INTO expense (id, car_id, owner_id, provenance, expense_date, time_zone, category, amount_minor, currency,
        service_entry_id, author_id, center_id, work_order_id, revision, snapshot_sha256, created_at, updated_at,
        version)
    SELECT id, car_id, owner_id, 'attested', expense_date, time_zone, 'service', amount_minor, currency, entry_id,
        author_id, center_id, work_order_id, revision, sha256, at, at, 1
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::text[], $6::bigint[], $7::text[], $8::uuid[],
        $9::uuid[], $10::uuid[], $11::uuid[], $12::integer[], $13::text[], $14::timestamptz[])
        AS new (id, car_id, owner_id, expense_date, time_zone, amount_minor, currency, entry_id, author_id, center_id,
            work_order_id, revision, sha256, at)
    ON CONFLICT DO NOTHING
"""
NEW_READINGS: Final = """
    INSERT INTO odometer_reading (id, car_id, owner_id, source, provenance, value, unit, km, observed_on, observed_at,
        time_zone, listed_at, service_entry_id, center_id, work_order_id, revision, snapshot_sha256, author_id,
        created_at, verdict)
    SELECT id, car_id, owner_id, 'work_order', 'attested', value, unit, km, observed_on, observed_at, time_zone,
        observed_at, entry_id, center_id, work_order_id, revision, sha256, author_id, at, verdict
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::numeric[], $5::text[], $6::integer[], $7::date[],
        $8::timestamptz[], $9::text[], $10::uuid[], $11::uuid[], $12::uuid[], $13::integer[], $14::text[], $15::uuid[],
        $16::timestamptz[], $17::text[])
        AS new (id, car_id, owner_id, value, unit, km, observed_on, observed_at, time_zone, entry_id, center_id,
            work_order_id, revision, sha256, author_id, at, verdict)
    ON CONFLICT DO NOTHING
"""
CHANGED_VERDICTS: Final = """
    UPDATE odometer_reading SET verdict = new.verdict
    FROM unnest($1::uuid[], $2::text[]) AS new (id, verdict) WHERE odometer_reading.id = new.id
"""
CLAIM_IDENTITIES: Final = """
    INSERT INTO identity_claim (kind, number, car_id)
    SELECT 'vin', number, car_id FROM unnest($1::text[], $2::uuid[]) AS new (number, car_id) ORDER BY number
    ON CONFLICT DO NOTHING RETURNING car_id
"""
SAVE_CARS: Final = """
    UPDATE car SET attested_at = new.attested_at, identity_confirmed = new.confirmed,
        identity_disputed = new.disputed, last_ok_reading_id = new.last_ok, updated_at = new.updated_at,
        sequence = new.sequence, record_sequence = new.record_sequence, version = new.version
    FROM unnest($1::uuid[], $2::timestamptz[], $3::boolean[], $4::boolean[], $5::uuid[], $6::timestamptz[],
        $7::bigint[], $8::bigint[], $9::bigint[])
        AS new (id, attested_at, confirmed, disputed, last_ok, updated_at, sequence, record_sequence, version)
    WHERE car.id = new.id
"""
OUTBOX: Final = """
    INSERT INTO outbox (topic, key, headers, payload)
    SELECT topic, key, headers::json, payload
    FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bytea[])
        WITH ORDINALITY AS new (topic, key, headers, payload, place)
    ORDER BY place
"""
