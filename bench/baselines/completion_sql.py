"""The statements of `bench.baselines.completion`."""

from __future__ import annotations

from typing import Final

READ: Final = """
WITH found AS (SELECT * FROM work_order WHERE id = $1 FOR UPDATE)
SELECT pg_try_advisory_xact_lock($2) AS locked, (SELECT row_to_json(k) FROM (
    SELECT encode(fingerprint, 'hex') AS fingerprint, status, convert_from(body, 'UTF8') AS body
    FROM idempotency_key WHERE scope = $3) k) AS kept,
(SELECT json_build_object('order', row_to_json(o),
    'role', (SELECT role FROM employee WHERE user_id = $4 AND center_id = o.center_id AND active LIMIT 1),
    'owner_is_staff', EXISTS (SELECT FROM employee WHERE user_id = o.owner_id AND center_id = o.center_id AND active),
    'jobs', (SELECT json_agg(json_build_object('id', j.id, 'title', j.title, 'status', j.status,
        'decision', (SELECT row_to_json(d) FROM decision d WHERE d.work_order_id = o.id AND d.job_id = j.id
            AND d.estimate_version = j.authorised_version),
        'labor', (SELECT coalesce(json_agg(l ORDER BY l.position), '[]') FROM (
            SELECT *, hours::text AS hours_text, rate::text AS rate_text, tax_percent::text AS tax
            FROM labor_line WHERE work_order_id = o.id) l WHERE l.job_id = j.id),
        'products', (SELECT coalesce(json_agg(p ORDER BY p.position), '[]') FROM (
            SELECT *, quantity::text AS quantity_text, price::text AS price_text, tax_percent::text AS tax
            FROM product_line WHERE work_order_id = o.id) p WHERE p.job_id = j.id)
        ) ORDER BY j.position) FROM job j WHERE j.work_order_id = o.id),
    'estimates', (SELECT json_agg(e ORDER BY e.version) FROM (
        SELECT version, sha256, total_minor, tolerance_minor, sent_at, valid_until
        FROM estimate WHERE work_order_id = o.id) e),
    'center', (SELECT row_to_json(c) FROM center c WHERE c.id = o.center_id),
    'car', (SELECT row_to_json(c) FROM car c WHERE c.id = o.car_id),
    'last', (SELECT km FROM car_odometer r WHERE r.id = o.car_id))::text FROM found o) AS known
"""
WRITE: Final = """
WITH moved AS (
    UPDATE work_order SET status = 'completed', version = version + 1, sequence = sequence + 1, closed_at = $2,
        related_party = $3 WHERE id = $1
), history AS (
    INSERT INTO status_history (id, work_order_id, center_id, owner_id, sequence, from_status, to_status, actor_id,
        role, occurred_at) VALUES ($4, $1, $5, $6, $7, 'ready', 'completed', $8, $9, $2)
), sealed AS (
    INSERT INTO snapshot (work_order_id, center_id, owner_id, car_id, content, sha256, completed_at)
    VALUES ($1, $5, $6, $10, $11, $12, $2)
), sent AS (
    INSERT INTO outbox (topic, key, headers, payload) VALUES ('workorders.workorder', $13, $14, $15)
)
INSERT INTO idempotency_key (scope, principal, fingerprint, status, headers, body) VALUES ($16, $8, $17, 200, $18, $19)
"""
