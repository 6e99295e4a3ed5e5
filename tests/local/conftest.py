"""One local cloud a run, bootstrapped once, and stacks that the tests share."""

import json
from collections.abc import Callable, Iterator

import pytest

from local.cdk import bootstrap
from local.cloud import Cloud
from tests.local.breaking import ACTION, DESCRIBE, function_of
from tests.local.deployments import Deployed, deploy, doors_stack, history_stack, sound_stack


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The local cloud, bootstrapped by the real command line."""
    with Cloud() as running:
        bootstrap(running)
        yield running


@pytest.fixture(scope="session")
def sound(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Two sound endpoints in one stack, deployed once; whoever breaks something mends it."""
    return deploy(cloud, tmp_path_factory.mktemp("sound"), {"Sound": sound_stack})["Sound"]


@pytest.fixture(scope="session")
def doors(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """An endpoint for each other kind of caller and customer, deployed once."""
    return deploy(cloud, tmp_path_factory.mktemp("doors"), {"Doors": doors_stack})["Doors"]


@pytest.fixture(scope="session")
def historic(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Histories with endpoints that look chats up, deployed once."""
    return deploy(cloud, tmp_path_factory.mktemp("historic"), {"Historic": history_stack})["Historic"]


@pytest.fixture(scope="session")
def prove(sound: Deployed) -> Callable[[], str | None]:
    """Ask the provisioning function for the proof of the first endpoint; what it said if it failed."""
    provisioning = sound.physical_id("AWS::Lambda::Function", "ConnectPersistentChatProvisioningFunction")
    functions = sound.cloud.client("lambda")
    configured = functions.get_function_configuration(FunctionName=function_of(sound))
    event = {
        "RequestType": "Update",
        "ResourceType": "Custom::PersistentChatProof",
        "LogicalResourceId": "Proof",
        "PhysicalResourceId": "proof",
        "ResourceProperties": {
            "Url": sound.outputs["FirstUrl"],
            "Function": configured["FunctionArn"],
            "Environment": configured["Environment"]["Variables"],
            "Signed": "true",
            "Actions": [ACTION, DESCRIBE],
            "PatienceSeconds": "1",
        },
    }

    def ask() -> str | None:
        answer = functions.invoke(FunctionName=provisioning, Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read())
        return str(said["errorMessage"]) if "FunctionError" in answer else None

    assert ask() is None, "the sound endpoint does not pass"
    return ask
