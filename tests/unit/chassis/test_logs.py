import json
import subprocess
import sys

SCRIPT = """
import logging, warnings
import structlog
from opentelemetry import trace
from chassis.settings import ServiceSettings
from chassis.telemetry import setup_telemetry, span_from

setup_telemetry("things", "api", ServiceSettings())
log = structlog.get_logger("things")
log.info("plain", number=7)
log.debug("too quiet to be seen")
logging.getLogger("aiokafka").warning("from a %s", "library")
logging.getLogger("uvicorn.access").info("GET /v1/things?token=secret")
warnings.warn("from Python itself")
with span_from("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "work"):
    log.info("traced")
told_by_the_database = "duplicate key\\nDETAIL:  Key (phone)=(+7 900 000-00-00) exists.\\nand more"
try:
    raise ValueError(told_by_the_database)
except ValueError:
    log.exception("failed")
    logging.getLogger("sqlalchemy").exception("failed elsewhere")
"""


def _lines() -> list[dict[str, object]]:
    ended = subprocess.run(  # a process of its own: logging and tracing are set up once per process
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stderr == ""
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_every_line_is_json_and_carries_no_personal_data() -> None:
    lines = _lines()
    assert [line["event"] for line in lines[:2]] == ["plain", "from a library"]
    assert lines[0]["number"] == 7
    assert lines[1]["logger"] == "aiokafka"
    assert "from Python itself" in str(lines[2]["event"])
    assert lines[3]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert "trace_id" not in lines[0]
    for line in lines:
        assert (line["service"], line["role"]) == ("things", "api")
        assert line["level"] in {"info", "warning", "error"}
        assert str(line["timestamp"]).endswith("Z")
    for failed in lines[4:]:
        assert "ValueError: duplicate key" in str(failed["exception"])
        assert "and more" in str(failed["exception"])
    assert len(lines) == 6
    assert "+7" not in json.dumps(lines)
    assert "secret" not in json.dumps(lines)
