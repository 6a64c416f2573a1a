from chassis.migrate import run_env
from trust.db.models import metadata

run_env(metadata)
