import gc
import weakref

from chassis.health import Health
from chassis.http.app import create_probe_app
from chassis.settings import ServiceSettings


def test_an_application_that_nobody_uses_is_gone_with_its_health() -> None:
    """FastAPI remembers every endpoint: one that held its application would keep it for the life of the process."""
    health = Health()
    app = create_probe_app("things", ServiceSettings(), health)
    gone = (weakref.ref(app), weakref.ref(health))
    del app, health
    gc.collect()
    assert (gone[0](), gone[1]()) == (None, None)
