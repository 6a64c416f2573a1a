from chassis.migrate import run_env
from notifier.db.models import metadata

run_env(metadata)
