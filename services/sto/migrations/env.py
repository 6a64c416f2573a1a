from chassis.migrate import run_env
from sto.db.models import metadata

run_env(metadata)
