"""One local cloud a run, bootstrapped once, and stacks that the tests share."""

from collections.abc import Iterator

import pytest

from local.cdk import bootstrap
from local.chats import Chats
from local.cloud import Cloud
from local.tokens import Tokens
from tests.local.breaking import ACTION, DESCRIBE, START, authorizer_of, function_of, recorder_of, rule_of, table_of
from tests.local.callers import Door, new_customer
from tests.local.deployments import (
    Deployed,
    Prover,
    api_of,
    deploy,
    doors_stack,
    history_stack,
    issuer_stack,
    sound_stack,
    start_stack,
)
from tests.local.recorded import Recorded

# The recorders describe contacts, which others count, fault and time: they are told only in their own tests.
NOBODY_HEARS = {"lost": 1}


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The local cloud, bootstrapped by the real command line."""
    with Cloud() as running:
        bootstrap(running)
        running.control("POST", "events", NOBODY_HEARS)
        yield running


@pytest.fixture
def without_quotas(cloud: Cloud) -> Iterator[None]:
    """Amazon Connect's request quotas do not count; what a test disturbed is sound again after it."""
    cloud.control("POST", "quotas", {"enabled": False})
    yield
    cloud.control("DELETE", "faults")
    cloud.control("POST", "quotas", {"enabled": True})


@pytest.fixture
def with_events(cloud: Cloud) -> Iterator[None]:
    """Amazon Connect tells of chats."""
    cloud.control("POST", "events", {})
    yield
    cloud.control("POST", "events", NOBODY_HEARS)


@pytest.fixture
def chats(cloud: Cloud) -> Chats:
    """Customers who chat."""
    return Chats(cloud)


@pytest.fixture
def held_clock(chats: Chats) -> Iterator[None]:
    """Connect's clock goes forward only as a test says: a slow machine changes no answer."""
    with chats.held_clock():
        yield


@pytest.fixture(scope="session")
def sound(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Two sound endpoints in one stack, deployed once; whoever breaks something mends it."""
    return deploy(cloud, tmp_path_factory.mktemp("sound"), {"Sound": sound_stack})["Sound"]


@pytest.fixture(scope="session")
def doors(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """An endpoint for each other kind of caller and customer, deployed once."""
    return deploy(cloud, tmp_path_factory.mktemp("doors"), {"Doors": doors_stack})["Doors"]


@pytest.fixture(scope="session")
def issued(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """An endpoint for people who sign in at an issuer, deployed once."""
    return deploy(cloud, tmp_path_factory.mktemp("issued"), {"Issued": issuer_stack})["Issued"]


@pytest.fixture
def tokens(cloud: Cloud) -> Iterator[Tokens]:
    """The local cloud's issuer, whose faults end with the test."""
    made = Tokens(cloud)
    yield made
    made.mend()


@pytest.fixture(scope="session")
def historic(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Histories with endpoints that look chats up, deployed once."""
    return deploy(cloud, tmp_path_factory.mktemp("historic"), {"Historic": history_stack})["Historic"]


@pytest.fixture(scope="session")
def starting(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Endpoints that start chats, deployed once."""
    return deploy(cloud, tmp_path_factory.mktemp("starting"), {"Starting": start_stack})["Starting"]


@pytest.fixture(scope="session")
def prove_start(starting: Deployed) -> Prover:
    """The proof of the endpoint that starts chats for backends."""
    gateway = {"ApiId": api_of(starting, "StarterUrl"), "Stage": "v1", "Signed": "true"}
    function = starting.physical_id("AWS::Lambda::Function", "StarterFunction")
    ask = Prover(starting, function, [ACTION, DESCRIBE, START], **gateway)
    assert ask.mended() is None, "the sound endpoint does not pass"
    return ask


@pytest.fixture
def customer() -> str:
    """One who never chatted before."""
    return new_customer()


@pytest.fixture
def backend(historic: Deployed) -> Door:
    """The endpoint that looks chats up, and trusts AWS identities."""
    return Door(historic, "BackendUrl")


@pytest.fixture
def recorded(historic: Deployed) -> Recorded:
    """What the history holds."""
    return Recorded(historic)


@pytest.fixture(scope="session")
def prove(sound: Deployed) -> Prover:
    """The proof of the first endpoint."""
    gateway = {"ApiId": api_of(sound, "FirstUrl"), "Stage": "v1", "Signed": "true"}
    ask = Prover(sound, function_of(sound), [ACTION, DESCRIBE], **gateway)
    assert ask.mended() is None, "the sound endpoint does not pass"
    return ask


@pytest.fixture(scope="session")
def prove_issuer(issued: Deployed) -> Prover:
    """The proof of the endpoint for people who sign in at an issuer, as its template has it."""
    (proof,) = (
        resource["Properties"]
        for resource in issued.template()["Resources"].values()
        if resource["Type"] == "Custom::PersistentChatProof"
    )
    functions = issued.cloud.client("lambda")
    authorizer = functions.get_function_configuration(FunctionName=authorizer_of(issued))["FunctionArn"]
    function = issued.physical_id("AWS::Lambda::Function", "IssuedFunction")
    more = {"Authorizer": authorizer, "AuthorizerEnvironment": proof["AuthorizerEnvironment"]}
    gateway = {"ApiId": api_of(issued, "Url"), "Stage": "v1", "Signed": "false"}
    ask = Prover(issued, function, [ACTION, DESCRIBE], **gateway, **more)
    assert ask.mended() is None, "the sound endpoint does not pass"
    return ask


@pytest.fixture(scope="session")
def prove_recorder(historic: Deployed) -> Prover:
    """The proof of a recorder."""
    actions = ["connect:DescribeContact", "dynamodb:GetItem", "dynamodb:PutItem"]
    ask = Prover(historic, recorder_of(historic), actions, Table=table_of(historic), Rule=rule_of(historic))
    assert ask.mended() is None, "the sound recorder does not pass"
    return ask
