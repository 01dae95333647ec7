"""Checks deploy/compose.yaml: that it is what the Compose specification allows, that the files it names are there, that who is
waited for can be waited for, and that nothing is published beyond the machine."""

import pathlib

import compose_spec
import yaml

PATH = pathlib.Path("deploy/compose.yaml")

text = PATH.read_text(encoding="utf-8")
# Docker's own word for the address of the machine is unknown to the specification's parser.
compose_spec.PyCompose.from_yaml(text.replace(":host-gateway", ":192.0.2.1")).validate()
compose = yaml.safe_load(text)
services = compose["services"]
images = pathlib.Path("Dockerfile").read_text(encoding="utf-8")
# Those that end, and have no health.
once = {name for name, service in services.items() if service.get("restart") == "on-failure"}


def there(name, path):
    assert (PATH.parent / path).exists(), f"{name} names {path}, which is not there"


def of_image(service):
    """Whether the image brings a health check along."""
    stage = service.get("build", {}).get("target")
    return bool(stage) and "HEALTHCHECK" in images.split(f" AS {stage}\n")[1].split("\nFROM ")[0]


for name, service in services.items():
    for file in [service["env_file"]] if "env_file" in service else []:
        there(name, file)
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            there(name, source)
        else:
            assert source in compose["volumes"], f"{name} mounts {source}, which is no volume"
    if "build" in service:
        there(name, pathlib.Path(service["build"]["context"]) / "Dockerfile")
    for secret in service.get("secrets", []):
        there(name, compose["secrets"][secret]["file"])
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), f"{name} is published as {port}"
    for other, wait in service.get("depends_on", {}).items():
        assert other in services, f"{name} waits for {other}, which is no service"
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in services[other] or of_image(services[other]), f"{other} has no health check"
    unhealthy = once | {"temporal-ui"}  # Its image has nothing to ask with.
    assert name in unhealthy or "healthcheck" in service or of_image(service), f"{name} has no health check"
    assert "restart" in service, f"nobody starts {name} again"

print(f"{PATH}: {len(services)} services are in order")
