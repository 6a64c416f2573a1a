import pytest

from tests.containers.installation import BASE_IMAGE, Installation, image_size

IMAGES = [f"carpass-{name}" for name in ("owners", "sto", "workorders", "trust", "notifier", "gateway")]
ADDED = 120_000_000
"""Bytes that an image may add to its base image."""
FOREIGN = {"postgres:18", "apache/kafka:4.4.0"}


@pytest.mark.parametrize("image", IMAGES)
def test_image_is_little_more_than_its_base(installation: Installation, image: str) -> None:
    assert installation.containers()
    assert image_size(image) - image_size(BASE_IMAGE) <= ADDED


def test_no_service_can_write_or_rise(installation: Installation) -> None:
    ours = {name: each for name, each in installation.containers().items() if each["Config"]["Image"] not in FOREIGN}
    assert len(ours) == len(installation.containers()) - 6
    for name, each in ours.items():
        assert each["Config"]["User"] == "10001:10001", name
        assert each["HostConfig"]["ReadonlyRootfs"], name
        assert each["HostConfig"]["CapDrop"] == ["ALL"], name
        assert not each["HostConfig"]["CapAdd"], name
        assert "no-new-privileges:true" in each["HostConfig"]["SecurityOpt"], name


def test_write_outside_of_tmp_is_refused(installation: Installation) -> None:
    refused = installation.execute("owners-api", "touch", "/app/written")
    assert "Read-only file system" in refused.stderr
    assert installation.execute("owners-api", "touch", "/tmp/written").returncode == 0  # noqa: S108 -- the container's


def test_compiler_and_package_installer_stay_in_the_build_stage(installation: Installation) -> None:
    for tool in ("gcc", "cc", "uv"):
        assert installation.execute("trust-worker", "bash", "-c", f"command -v {tool}").returncode == 1


def test_reader_of_one_secret_sees_no_other(installation: Installation) -> None:
    seen = installation.execute("owners-worker", "ls", "/run/secrets").stdout.split()
    assert seen == ["carpass_database_worker_url"]
