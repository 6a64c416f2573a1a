from chassis.migrate import run_env
from workorders.db.models import metadata

run_env(metadata)
