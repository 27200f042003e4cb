"""KubeRay's own definitions accept the manifests, strictly: an unknown field is an error."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERAY = ROOT / "cluster" / "kuberay"
BESIDE = ROOT.parent / "shared" / "data"


def manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((KUBERAY / f"{name}.yaml").read_text()))


def cluster_specs() -> list[dict[str, Any]]:
    return [manifest("raycluster")["spec"], manifest("rayjob")["spec"]["rayClusterSpec"]]


@pytest.fixture(scope="module", params=["raycluster", "rayjob"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def validator(kind: str) -> jsonschema.Draft7Validator:
    """The definition's schema of version v1, as JSON Schema that refuses what it does not know."""
    folder = Path(os.environ.get("TUNER_DATA_DIR", BESIDE)) / "kuberay"
    file = folder / f"ray.io_{kind}s.yaml"
    if not file.is_file():
        pytest.skip(f"needs KubeRay's definitions in {folder}")
    definition = yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    versions = {each["name"]: each for each in definition["spec"]["versions"]}
    return jsonschema.Draft7Validator(strict(versions["v1"]["schema"]["openAPIV3Schema"]))


def strict(schema: Any) -> Any:
    """Return a schema of Kubernetes that allows no fields but those it lists."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    # Metadata of the object itself are not spelled out in a definition.
    lists = schema.get("type") == "object" and "properties" in schema
    if lists and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed


def test_the_definition_accepts_the_manifest(
    kind: str, validator: jsonschema.Draft7Validator
) -> None:
    validator.validate(manifest(kind))


def test_the_definition_refuses_a_typo(kind: str, validator: jsonschema.Draft7Validator) -> None:
    wrong = manifest(kind)
    spec = wrong["spec"] if kind == "raycluster" else wrong["spec"]["rayClusterSpec"]
    spec["workerGroupSpecs"][0]["maxReplica"] = 3
    with pytest.raises(jsonschema.ValidationError, match="maxReplica"):
        validator.validate(wrong)


def test_both_describe_the_same_cluster() -> None:
    lasting, of_job = cluster_specs()
    assert lasting == of_job


@pytest.mark.parametrize("spec", cluster_specs(), ids=["raycluster", "rayjob"])
def test_nothing_is_reachable_from_outside_and_tokens_are_on(spec: dict[str, Any]) -> None:
    assert spec["authOptions"]["mode"] == "token"
    assert spec["headGroupSpec"]["serviceType"] == "ClusterIP"
    assert spec["headGroupSpec"]["enableIngress"] is False


@pytest.mark.parametrize("spec", cluster_specs(), ids=["raycluster", "rayjob"])
def test_every_pod_mounts_what_all_share_and_has_shared_memory(spec: dict[str, Any]) -> None:
    claim = manifest("storage")["metadata"]["name"]
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        volumes = {each["name"]: each for each in pod["volumes"]}
        assert volumes["shared"]["persistentVolumeClaim"]["claimName"] == claim
        assert volumes["shm"]["emptyDir"]["medium"] == "Memory"
        for container in pod["containers"]:
            mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
            assert mounts == {"shared": "/shared", "shm": "/dev/shm"}
            # What is asked for is what is given, or Ray counts more than there is.
            assert container["resources"]["requests"] == container["resources"]["limits"]


@pytest.mark.parametrize("spec", cluster_specs(), ids=["raycluster", "rayjob"])
def test_workers_come_and_go_and_the_head_runs_no_trials(spec: dict[str, Any]) -> None:
    assert spec["enableInTreeAutoscaling"] is True
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    (group,) = spec["workerGroupSpecs"]
    assert group["minReplicas"] == 0 < group["maxReplicas"]
    (container,) = group["template"]["spec"]["containers"]
    assert int(container["resources"]["limits"]["nvidia.com/gpu"]) >= 1


def test_the_version_of_ray_is_the_one_that_is_installed() -> None:
    (pinned,) = re.findall(r"^ray==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert {spec["rayVersion"] for spec in cluster_specs()} == {pinned}


def test_the_job_is_a_command_that_tuner_understands() -> None:
    import typer.main

    from tuner.cli.app import app

    program, verb, *words = shlex.split(manifest("rayjob")["spec"]["entrypoint"])
    context = typer.main.get_command(app).commands[verb].make_context(verb, words)
    assert (program, context.params["address"]) == ("tuner", "auto")
    assert context.params["storage_path"].startswith("/shared/")
    assert context.params["name"], "so that it can be resumed"
