"""Writes the manifests of deploy/kubernetes into one file, those that Kubernetes itself knows, and checks that the
kustomization names files that are there and that what refers to a name finds it."""

import pathlib
import sys

import yaml

FOLDER = pathlib.Path("deploy/kubernetes")


def documents(name):
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


kustomization = documents("kustomization.yaml")[0]
others = {"kustomization.yaml", "secrets.yaml", "autoscaling.yaml"}
found = {path.name for path in FOLDER.glob("*.yaml")} - others
assert set(kustomization["resources"]) == found, f"the kustomization names {kustomization['resources']}, and there are {found}"

own = [document for name in kustomization["resources"] for document in documents(name)]
secrets = documents("secrets.yaml")
names = {(document["kind"], document["metadata"]["name"]) for document in own + secrets}
for deployment in (document for document in own if document["kind"] == "Deployment"):
    pod = deployment["spec"]["template"]["spec"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    for container in pod["containers"]:
        for source in container["envFrom"]:
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if field in source and not source[field].get("optional"):
                    assert (kind, source[field]["name"]) in names, source
    for volume in pod["volumes"]:
        if "secret" in volume and not volume["secret"].get("optional"):
            assert ("Secret", volume["secret"]["secretName"]) in names, volume
        if "configMap" in volume:
            assert ("ConfigMap", volume["configMap"]["name"]) in names, volume
scaled = documents("autoscaling.yaml")[0]
assert ("Deployment", scaled["spec"]["scaleTargetRef"]["name"]) in names

pathlib.Path(sys.argv[1]).write_text(yaml.safe_dump_all(own + secrets), encoding="utf-8")
