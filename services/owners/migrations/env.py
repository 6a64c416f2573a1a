from chassis.migrate import run_env
from owners.db.models import metadata

run_env(metadata)
