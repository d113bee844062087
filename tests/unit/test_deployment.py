"""docker-compose.yml and the image: what is open to whom, no default secrets, the versions that were tested."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.core.settings import GROUPS
from search.localstack import nats_server
from search.localstack.artifacts import load_lock

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("api", "indexers")
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN")


def networks(service: str) -> set[str]:
    return set(SERVICES[service]["networks"])


def test_every_secret_must_be_given() -> None:
    variables = re.findall(r"\$\{(\w+)([^\w}]*)", TEXT)
    secrets = [(name, operator) for name, operator in variables if SECRET.search(name)]
    assert {name for name, _ in secrets} == {"OFFICE_SEARCH_BROKER_TOKEN", "OFFICE_SEARCH_GATEWAY_SECRETS"}
    assert {operator for _, operator in secrets} == {":?"}


def test_no_secret_is_written_down() -> None:
    values = [
        value
        for service in SERVICES.values()
        for name, value in service["environment"].items()
        if SECRET.search(name) and not name.startswith("DISABLE_")
    ]
    assert values
    assert all(value.strip('"').startswith("${") for value in values)


def test_the_engine_is_the_one_that_tests_run_against() -> None:
    assert SERVICES["opensearch"]["image"] == f"opensearchproject/opensearch:{load_lock().opensearch}"


def test_the_broker_is_the_one_that_tests_run_against() -> None:
    assert SERVICES["nats"]["image"] == f"nats:{version(nats_server.WHEEL)}-alpine"


def test_our_image_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"office-search:{project['version']}"}


def test_only_the_api_is_published_and_on_loopback_unless_told_otherwise() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api": ["${OFFICE_SEARCH_PUBLISH:-127.0.0.1:8080}:8080"]}


def test_the_engine_is_reached_by_our_processes_alone() -> None:
    assert {name for name in SERVICES if "engine" in networks(name)} == {"opensearch", *OURS}
    assert networks("opensearch") == {"engine"}
    assert networks("nats") == {"broker"}
    assert COMPOSE["networks"]["engine"] == COMPOSE["networks"]["broker"] == {"internal": True}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_watched_restarted_and_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["cap_drop"] == ["ALL"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", OURS)
def test_our_processes_wait_until_engine_and_broker_are_well(name: str) -> None:
    well = {"condition": "service_healthy"}
    assert SERVICES[name]["depends_on"] == {"opensearch": well, "nats": well}


def test_what_is_kept_is_in_volumes() -> None:
    kept = {mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())}
    assert set(COMPOSE["volumes"]) <= kept


def test_each_setting_that_is_set_is_one() -> None:
    image = re.findall(r"(OFFICE_SEARCH_\w+)=", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    compose = [variable for name in OURS for variable in SERVICES[name]["environment"]]
    known = {group.variable(name) for group in GROUPS for name in group.model_fields}
    assert {*image, *compose} <= known


def test_the_image_runs_unprivileged_and_without_what_tests_need() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = dockerfile.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.M)
    assert "requirements.lock" not in dockerfile
    assert re.search(r"^ARG PYTHON=\d+\.\d+-slim", dockerfile, re.M)


def test_the_broker_has_the_settings_of_the_managed_one() -> None:
    path = ROOT / "deploy" / "nats.conf"
    # Quoted, as compose passes it: bare, this token is a number to the server, and refused.
    checked = subprocess.run(
        [Path(sys.executable).with_name("nats-server"), "-t", "-c", path],
        env={"BROKER_TOKEN": '"0123456789"'},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    sizes = dict(re.findall(r"^(max_\w+): (\d+)MB$", path.read_text(encoding="utf-8"), re.M))
    assert {name: int(size) * nats_server.MIB for name, size in sizes.items()} == {
        name: nats_server.CONFIG[name] for name in ("max_payload", "max_pending")
    }
    assert "sync_interval: always" in path.read_text(encoding="utf-8")
