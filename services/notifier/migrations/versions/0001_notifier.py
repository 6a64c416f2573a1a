"""Notifications, their deliveries, Telegram chats and what the bot hears; who may see which row."""

from alembic import op

from chassis.migrate import (
    CURRENT_USER_ID,
    create_chassis_tables,
    enable_row_security,
    forbid_changes,
    grant,
    grant_api,
    grant_worker,
)

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE recipient (
    user_id uuid PRIMARY KEY,
    locale text,
    time_zone text,
    distance_unit text,
    sequence bigint NOT NULL DEFAULT 0,
    link_version bigint NOT NULL DEFAULT 1,
    erased_at timestamptz
);
COMMENT ON TABLE recipient IS 'Everybody who was ever written to. Whoever changes a user''s chat locks this row first.';
COMMENT ON COLUMN recipient.locale IS 'from owners.user, like the two after it; null until its first event arrives';
COMMENT ON COLUMN recipient.sequence IS 'of the user event in the row; 0 before the first';
COMMENT ON COLUMN recipient.link_version IS 'behind the ETag of the Telegram link';

CREATE TABLE car (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    make text,
    model text,
    plate text,
    sequence bigint NOT NULL
);
COMMENT ON TABLE car IS 'Read model of owners.car: how a car is called in a text.';

CREATE TABLE employment (
    employee_id uuid NOT NULL,
    sequence bigint NOT NULL,
    center_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    active boolean NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (employee_id, sequence)
);
CREATE INDEX employment_center ON employment (center_id, employee_id, sequence);
COMMENT ON TABLE employment IS 'Every state of every employment: who held which role at a moment. Append-only.';

CREATE TABLE announcement (
    event_id uuid PRIMARY KEY,
    center_id uuid NOT NULL,
    template text NOT NULL,
    params jsonb NOT NULL,
    traceparent text,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX announcement_center ON announcement (center_id);
COMMENT ON TABLE announcement IS 'News for a center''s owners: with employment, in any order, it makes notifications.';

CREATE TABLE decision (
    id uuid PRIMARY KEY,
    subject_id uuid NOT NULL,
    version bigint NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('approved', 'declined', 'partly', 'closed')),
    made_by text NOT NULL CHECK (made_by IN ('owner', 'staff', 'nobody')),
    jobs jsonb NOT NULL,
    decided_at timestamptz NOT NULL
);
CREATE INDEX decision_subject ON decision (subject_id);
COMMENT ON TABLE decision IS 'What became of estimates and link requests, from events and from presses of buttons.';
COMMENT ON COLUMN decision.version IS 'of the estimate; of a link, the sequence of the event';
COMMENT ON COLUMN decision.jobs IS 'job id to authorised | declined';

CREATE TABLE notification (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES recipient,
    event_id uuid NOT NULL,
    template text NOT NULL,
    params jsonb,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    version bigint,
    car_id uuid,
    traceparent text,
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    CONSTRAINT notification_once UNIQUE (event_id, user_id, template)
);
CREATE INDEX notification_inbox ON notification (user_id, occurred_at, id) WHERE params IS NOT NULL;
CREATE INDEX notification_unread ON notification (user_id, occurred_at, id)
    WHERE read_at IS NULL AND params IS NOT NULL;
COMMENT ON TABLE notification IS 'ServiceNotification: one row per event, recipient and template.';
COMMENT ON COLUMN notification.params IS 'what the text is made of when it is read; null after the user was erased';
COMMENT ON COLUMN notification.version IS 'of what is to be decided, as in decision; null when nothing is';

CREATE TABLE delivery_attempt (
    id uuid PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES notification,
    user_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel = 'telegram'),
    state text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'uncertain', 'suppressed')),
    reason text,
    priority smallint NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    message_id bigint,
    trace_id text,
    queued_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    leased_until timestamptz,
    settled_at timestamptz,
    CONSTRAINT delivery_attempt_once UNIQUE (notification_id, channel),
    CHECK ((state = 'sending') = (leased_until IS NOT NULL))
);
CREATE INDEX delivery_attempt_queue ON delivery_attempt (priority, due_at, id) WHERE state = 'queued';
CREATE INDEX delivery_attempt_queue_of_user ON delivery_attempt (user_id, priority, due_at, id) WHERE state = 'queued';
CREATE INDEX delivery_attempt_sending ON delivery_attempt (leased_until) WHERE state = 'sending';
ALTER TABLE delivery_attempt SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE delivery_attempt IS 'One message on one channel: by its constraint never two for a notification.';
COMMENT ON COLUMN delivery_attempt.leased_until IS 'after this a `sending` one has lost its worker and is uncertain';

CREATE TABLE telegram_chat (
    user_id uuid PRIMARY KEY REFERENCES recipient,
    chat_id bigint NOT NULL CONSTRAINT telegram_chat_chat_id UNIQUE,
    linked_at timestamptz NOT NULL,
    disabled_at timestamptz,
    disabled_reason text,
    next_send_at timestamptz NOT NULL,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
COMMENT ON COLUMN telegram_chat.chat_id IS 'of a private chat: the Telegram id of its user as well';
COMMENT ON COLUMN telegram_chat.next_send_at IS 'one message a second';

CREATE TABLE telegram_link_token (
    user_id uuid PRIMARY KEY REFERENCES recipient,
    token_hash bytea NOT NULL CONSTRAINT telegram_link_token_hash UNIQUE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE telegram_link_token IS 'The latest one-time token of each user.';

CREATE TABLE telegram_pace (
    id smallint PRIMARY KEY CHECK (id = 1),
    next_slot_at timestamptz NOT NULL,
    frozen_until timestamptz
);
INSERT INTO telegram_pace VALUES (1, '2000-01-01T00:00:00Z', NULL);
COMMENT ON TABLE telegram_pace IS 'The one row that all workers share: when the next message may leave.';

CREATE TABLE telegram_update (
    update_id bigint PRIMARY KEY,
    sender_id bigint,
    payload jsonb,
    tries integer NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    leased_until timestamptz,
    done_at timestamptz,
    CHECK (done_at IS NULL OR (payload IS NULL AND sender_id IS NULL))
);
CREATE INDEX telegram_update_waiting ON telegram_update (update_id) WHERE done_at IS NULL;
CREATE INDEX telegram_update_done ON telegram_update (done_at) WHERE done_at IS NOT NULL;
COMMENT ON TABLE telegram_update IS 'What the bot heard, once each. What it says is forgotten as soon as it is handled.'
"""

OWN = f"user_id = {CURRENT_USER_ID}"
PERSONAL = {
    "recipient": "SELECT, INSERT (user_id), UPDATE (link_version)",
    "notification": "SELECT, UPDATE (read_at)",
    "delivery_attempt": "SELECT, UPDATE (state, reason, settled_at)",
    "telegram_chat": "SELECT, DELETE",
    "telegram_link_token": "SELECT, INSERT, UPDATE, DELETE",
}
"""Tables with a user's rows, and what the API may do with that user's."""


def upgrade() -> None:
    create_chassis_tables(op)
    grant(op, "notifier")
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for table, privileges in PERSONAL.items():
        grant_api(op, "notifier", table, privileges)
        enable_row_security(op, table, f"{table}_own", "notifier_api", OWN, OWN)
        _grant_all_rows(table)
    grant_api(op, "notifier", "car", "SELECT")
    enable_row_security(op, "car", "car_own", "notifier_api", f"owner_id = {CURRENT_USER_ID}")
    _grant_all_rows("car")
    grant_api(op, "notifier", "telegram_update", "INSERT")  # the webhook: it writes down what came, and reads nothing
    for table in ("announcement", "decision", "telegram_update"):
        grant_worker(op, "notifier", table, "SELECT, INSERT, UPDATE, DELETE")
    grant_worker(op, "notifier", "employment", "SELECT, INSERT")
    grant_worker(op, "notifier", "telegram_pace", "SELECT, UPDATE")
    forbid_changes(op, "employment")


def _grant_all_rows(table: str) -> None:
    """Consumers and the delivery serve every user."""
    grant_worker(op, "notifier", table, "SELECT, INSERT, UPDATE, DELETE")
    enable_row_security(op, table, f"{table}_all", "notifier_worker", "true", "true")
