"""Documents of cars are taken along and in; what an earlier owner imported hinders nobody."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("ALTER TABLE imported_record DROP CONSTRAINT imported_record_kind_check")
    op.execute(
        "ALTER TABLE imported_record ADD CONSTRAINT imported_record_kind_check "
        "CHECK (kind IN ('fuel_entry', 'service_entry', 'expense', 'reading', 'document'))"
    )
    op.execute(
        "CREATE TRIGGER car_document_forgets_import AFTER DELETE ON car_document "
        "FOR EACH ROW EXECUTE FUNCTION forget_import()"
    )
    # What an earlier owner imported stays with him, unseen: the next one may bring in the same file.
    op.execute("DROP INDEX imported_record_external_id")
    op.execute(
        "CREATE UNIQUE INDEX imported_record_external_id ON imported_record (car_id, owner_id, kind, external_id) "
        "WHERE external_id IS NOT NULL"
    )
