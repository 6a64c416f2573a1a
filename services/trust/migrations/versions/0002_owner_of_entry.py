"""Private entries of a timeline are for the owner of that time, not for those who have the car later."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE engagement_event ADD COLUMN owner_id uuid")
    op.execute("COMMENT ON COLUMN engagement_event.owner_id IS 'of the car at that time'")
    # Before there were transfers, a car had the one owner that it still has.
    op.execute("ALTER TABLE engagement_event DISABLE TRIGGER USER")
    op.execute("UPDATE engagement_event e SET owner_id = c.owner_id FROM car c WHERE c.car_id = e.car_id AND e.private")
    op.execute("ALTER TABLE engagement_event ENABLE TRIGGER USER")
