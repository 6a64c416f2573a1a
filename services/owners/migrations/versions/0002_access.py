"""Who may touch which rows, and what nobody may change: grants, row-level security, triggers."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, enable_row_security, grant, grant_api, grant_worker

revision = "0002"
down_revision = "0001"

API = {
    "app_user": "SELECT, INSERT, UPDATE",
    # Looked at before there is a caller, so without row-level security.
    "telegram_identity": "SELECT, INSERT, DELETE",
    "sign_in_proof": "SELECT, INSERT, DELETE",
    "session": "SELECT, INSERT, UPDATE, DELETE",
    "refresh_token": "SELECT, INSERT, UPDATE, DELETE",
    # Whose a car is, and whether its identity is confirmed, is not for the API to change.
    "car": (
        "SELECT, INSERT, UPDATE (vin, frame_number, plate, make, model, year, nickname, tags, energy_kinds, "
        "odometer_unit, currency, purchase_date, purchase_price_minor, purchase_currency, purchase_odometer_value, "
        "purchase_odometer_unit, archived_at, last_ok_reading_id, updated_at, sequence, record_sequence, version)"
    ),
    "service_entry": (
        "SELECT, INSERT, DELETE, UPDATE (service_date, time_zone, vendor, lines, currency, cost_minor, next_due_km, "
        "next_due_months, note, updated_at, version)"
    ),
    "expense": (
        "SELECT, INSERT, DELETE, "
        "UPDATE (expense_date, time_zone, category, amount_minor, currency, note, updated_at, version)"
    ),
    "odometer_reading": "SELECT, INSERT, DELETE, UPDATE (verdict, candidates_km)",
    "center": "SELECT",
    "center_employee": "SELECT",
    "center_link": "SELECT",
}
WORKER = {
    "car": (
        "SELECT, UPDATE (identity_confirmed, identity_disputed, attested_at, last_ok_reading_id, updated_at, sequence, "
        "record_sequence, version)"
    ),
    "identity_claim": "SELECT, INSERT",
    "service_entry": "SELECT, INSERT",
    "expense": "SELECT, INSERT",
    "odometer_reading": "SELECT, INSERT, UPDATE (verdict, candidates_km)",
    "center": "SELECT, INSERT, UPDATE",
    "center_employee": "SELECT, INSERT, UPDATE",
    "center_link": "SELECT, INSERT, UPDATE",
}

OWN = f"owner_id = {CURRENT_USER_ID}"
OWN_WORDS = f"{OWN} AND provenance = 'self_declared'"
# With the caller's own rights: row-level security of the read models applies inside as well.
READS_HISTORY = f"""
CREATE FUNCTION caller_reads_history(car uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM center_link l
        JOIN center_employee e ON e.center_id = l.center_id AND e.user_id = {CURRENT_USER_ID} AND e.active
        WHERE l.car_id = car AND l.status = 'approved' AND 'history_read' = ANY (l.scopes)
          AND (l.expires_at IS NULL OR l.expires_at > now())
          AND NOT EXISTS (SELECT FROM center c WHERE c.id = l.center_id AND c.verification = 'suspended')
    )
$$
"""

# An attested record is read-only for its table's owner too. What is thought of a reading is not part of it.
TRIGGERS = (
    """
CREATE FUNCTION refuse_change_of_attested() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an attested % is read-only', TG_TABLE_NAME USING ERRCODE = 'CP001';
END $$
    """,
    *(
        f"CREATE TRIGGER {table}_attested_stays BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW WHEN (old.provenance = 'attested') EXECUTE FUNCTION refuse_change_of_attested()"
        for table in ("service_entry", "expense")
    ),
    """
CREATE TRIGGER odometer_reading_attested_stays BEFORE UPDATE OF
    id, car_id, owner_id, source, provenance, value, unit, km, observed_on, observed_at, time_zone, listed_at,
    service_entry_id, expense_id, center_id, work_order_id, revision, snapshot_sha256, author_id,
    created_at
ON odometer_reading FOR EACH ROW WHEN (old.provenance = 'attested') EXECUTE FUNCTION refuse_change_of_attested()
    """,
    """
CREATE TRIGGER odometer_reading_attested_remains BEFORE DELETE
ON odometer_reading FOR EACH ROW WHEN (old.provenance = 'attested') EXECUTE FUNCTION refuse_change_of_attested()
    """,
    *(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_attested()"
        for table in ("service_entry", "expense", "odometer_reading")
    ),
)


def upgrade() -> None:
    grant(op, "owners")
    for table, privileges in API.items():
        grant_api(op, "owners", table, privileges)
    for table, privileges in WORKER.items():
        grant_worker(op, "owners", table, privileges)
    for statement in TRIGGERS:
        op.execute(statement)
    op.execute(READS_HISTORY)
    op.execute("REVOKE EXECUTE ON FUNCTION caller_reads_history(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION caller_reads_history(uuid) TO owners_api")
    own_user = f"id = {CURRENT_USER_ID}"
    enable_row_security(op, "app_user", "self", "owners_api", own_user, own_user)
    enable_row_security(op, "car", "own", "owners_api", OWN, OWN)
    for table in ("service_entry", "expense", "odometer_reading"):
        secure_records(table)
    enable_row_security(op, "center_employee", "self", "owners_api", f"user_id = {CURRENT_USER_ID}")
    staff = "center_id IN (SELECT e.center_id FROM center_employee e)"
    enable_row_security(op, "center_link", "own_or_staff", "owners_api", f"{OWN} OR {staff}")
    for table in ("car", "service_entry", "expense", "odometer_reading", "center_employee", "center_link"):
        op.execute(f"CREATE POLICY everything ON {table} TO owners_worker USING (true) WITH CHECK (true)")


def secure_records(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own ON {table} FOR SELECT TO owners_api USING ({OWN})")
    if table != "expense":  # a center never sees what somebody spends
        shared = "caller_reads_history(car_id)"
        op.execute(f"CREATE POLICY shared ON {table} FOR SELECT TO owners_api USING ({shared})")
    op.execute(f"CREATE POLICY write_own ON {table} FOR INSERT TO owners_api WITH CHECK ({OWN_WORDS})")
    op.execute(f"CREATE POLICY edit_own ON {table} FOR UPDATE TO owners_api USING ({OWN}) WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY remove_own ON {table} FOR DELETE TO owners_api USING ({OWN_WORDS})")
