"""Files and documents of cars, and what entries were before they were edited."""

from alembic import op

from chassis.migrate import CURRENT_USER_ID, grant_api

revision = "0008"
down_revision = "0007"

TABLES = """
CREATE TABLE file_content (
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    content bytea NOT NULL CHECK (length(content) BETWEEN 1 AND 10000000),
    PRIMARY KEY (car_id, owner_id, sha256)
);
ALTER TABLE file_content ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE file_content IS 'Content of files, once for each owner''s car, by its hash. Never changed.';

CREATE TABLE attachment (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    author_id uuid NOT NULL,
    attached_to text NOT NULL CHECK (attached_to IN ('service_entry', 'expense', 'fuel_entry', 'document', 'photo')),
    target_id uuid NOT NULL,
    name text,
    media_type text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')),
    size integer NOT NULL CHECK (size > 0),
    sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL,
    FOREIGN KEY (car_id, owner_id, sha256) REFERENCES file_content,
    CONSTRAINT attachment_once UNIQUE (target_id, owner_id, sha256),
    CHECK (attached_to <> 'photo' OR (target_id = car_id AND media_type <> 'application/pdf'))
);
CREATE INDEX attachment_of_content ON attachment (car_id, owner_id, sha256);
COMMENT ON TABLE attachment IS 'Where a file belongs. target_id: the entry or document, for a photo the car.';

CREATE TABLE car_document (
    id uuid PRIMARY KEY,
    car_id uuid NOT NULL REFERENCES car,
    owner_id uuid NOT NULL,
    author_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('insurance', 'inspection', 'registration', 'warranty', 'other')),
    number text,
    issued_by text,
    issued_on date,
    expires_on date,
    note text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    CHECK (expires_on >= issued_on)
);
CREATE INDEX car_document_of_car ON car_document (car_id, created_at, id);
COMMENT ON TABLE car_document IS 'Papers with a term: insurance, inspection and the like.';

CREATE TABLE entry_edit (
    entry_id uuid NOT NULL,
    version bigint NOT NULL,
    car_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    edited_by uuid NOT NULL,
    edited_at timestamptz NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    PRIMARY KEY (entry_id, version)
);
COMMENT ON TABLE entry_edit IS 'What an entry was before and after each edit, kept by triggers.';
COMMENT ON COLUMN entry_edit.version IS 'that the edit made'
"""

CALLER = CURRENT_USER_ID
OWN = f"owner_id = {CALLER}"
OWN_NOW = f"({OWN} AND car_id = ANY (ARRAY(SELECT c.id FROM car c WHERE c.{OWN})))"
READABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller)"
ADDABLE = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role <> 'viewer')"
MANAGED = "(car_id, owner_id) IN (SELECT car_id, owner_id FROM shared_with_caller WHERE role = 'manager')"

# As the table's owner: whoever edits an entry leaves a trace, and nobody writes or changes one by hand.
KEEP = f"""
CREATE FUNCTION keep_edit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO entry_edit (entry_id, version, car_id, owner_id, edited_by, edited_at, before, after)
    VALUES (old.id, new.version, old.car_id, old.owner_id, {CALLER}, new.updated_at, to_jsonb(old), to_jsonb(new));
    RETURN NULL;
END $$
"""
FORGET = """
CREATE FUNCTION forget_belongings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM entry_edit WHERE entry_id = old.id;
    DELETE FROM attachment WHERE target_id = old.id;
    RETURN NULL;
END $$
"""
FORGET_CONTENT = """
CREATE FUNCTION forget_content() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM file_content f WHERE (f.car_id, f.owner_id, f.sha256) = (old.car_id, old.owner_id, old.sha256)
        AND NOT EXISTS (SELECT FROM attachment a
            WHERE (a.car_id, a.owner_id, a.sha256) = (old.car_id, old.owner_id, old.sha256));
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for function in (KEEP, FORGET, FORGET_CONTENT):
        op.execute(function)
    for name in ("keep_edit", "forget_belongings", "forget_content"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    for table in ("service_entry", "expense", "fuel_entry"):
        op.execute(
            f"CREATE TRIGGER {table}_keeps_edit AFTER UPDATE ON {table} FOR EACH ROW "
            "WHEN (new.version > old.version) EXECUTE FUNCTION keep_edit()"
        )
    for table in ("service_entry", "expense", "fuel_entry", "car_document"):
        op.execute(
            f"CREATE TRIGGER {table}_forgets_belongings AFTER DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION forget_belongings()"
        )
    op.execute(
        "CREATE TRIGGER attachment_forgets_content AFTER DELETE ON attachment "
        "FOR EACH ROW EXECUTE FUNCTION forget_content()"
    )
    secure()


def secure() -> None:
    edits = "kind, number, issued_by, issued_on, expires_on, note, updated_at, version"
    grant_api(op, "owners", "file_content", "SELECT, INSERT")
    grant_api(op, "owners", "attachment", "SELECT, INSERT, DELETE")
    grant_api(op, "owners", "car_document", f"SELECT, INSERT, DELETE, UPDATE ({edits})")
    grant_api(op, "owners", "entry_edit", "SELECT, DELETE")
    read = f"{OWN} OR {READABLE}"
    for table in ("file_content", "attachment", "car_document", "entry_edit"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        policy(table, "see", "SELECT", using=read)
    own_work = f"({ADDABLE} AND author_id = {CALLER})"
    policy("file_content", "add", "INSERT", check=f"{OWN_NOW} OR {ADDABLE}")
    policy("attachment", "add", "INSERT", check=f"author_id = {CALLER} AND ({OWN_NOW} OR {ADDABLE})")
    policy("attachment", "remove", "DELETE", using=f"{OWN} OR {own_work} OR {MANAGED}")
    policy("car_document", "add", "INSERT", check=f"{OWN_NOW} OR {MANAGED}")
    policy("car_document", "edit", "UPDATE", using=f"{OWN} OR {MANAGED}", check=f"{OWN} OR {MANAGED}")
    policy("car_document", "remove", "DELETE", using=f"{OWN} OR {MANAGED}")
    policy("entry_edit", "forget", "DELETE", using=OWN)


def policy(table: str, name: str, command: str, *, using: str | None = None, check: str | None = None) -> None:
    statement = f"CREATE POLICY {name} ON {table} FOR {command} TO owners_api"
    if using is not None:
        statement += f" USING ({using})"
    if check is not None:
        statement += f" WITH CHECK ({check})"
    op.execute(statement)
