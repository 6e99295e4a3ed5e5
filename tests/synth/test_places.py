"""Resources of another stack, stage, region or account: which of them a construct refuses."""

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_sns as sns

from connect_persistent_chat import Authorization, ChatHistory, ConnectInstance, PersistentChatMonitoring
from tests.synth.apps import HERE, INSTANCE_ID, endpoint, history, stack, user_pool
from tests.synth.calls import PLACES, TABLE_ARN, mistakes_of
from tests.synth.test_authorization import lambda_authorizer


@pytest.mark.parametrize("said", list(PLACES))
@pytest.mark.parametrize("what", ["instance", "history", "endpoint", "topic", "topic of a history"])
def test_what_another_place_keeps_is_refused(what: str, said: str) -> None:
    """No template can name it, or the function would look in the wrong place."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), PLACES[said](app)

    def build() -> None:
        if what == "instance":
            endpoint(here, instance=ConnectInstance.from_instance_id(there, "Instance", INSTANCE_ID))
        elif what == "history":
            endpoint(here, history=history(there))
        elif what == "endpoint":
            PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(there))
        elif what == "topic":
            PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(here), topic=sns.Topic(there, "Topic"))
        else:
            history(here, topic=sns.Topic(there, "Topic"))

    assert said in mistakes_of(build)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-2"])
def test_a_topic_by_its_arn_may_be_of_another_account_but_not_region(region: str) -> None:
    """The policy of the topic may allow alarms of this account. No alarm reaches another region."""
    here = stack(env=HERE)
    topic = sns.Topic.from_topic_arn(here, "Topic", f"arn:aws:sns:{region}:999999999999:topic")
    if region == "us-east-1":
        history(here, topic=topic)
    else:
        assert "topic: got a topic in region eu-west-2" in mistakes_of(lambda: history(here, topic=topic))


@pytest.mark.parametrize("what", ["history", "endpoint", "topic", "user pool", "app client"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_stack_with_an_env_refers_to_nothing_of_one_without(what: str, swapped: bool) -> None:
    """The CDK refuses it too, but only at the end of synthesis, and it does not name the value."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), Stack(app, "There")
    if swapped:
        here, there = there, here

    def build() -> None:
        if what == "history":
            endpoint(here, history=history(there))
        elif what == "endpoint":
            PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(there))
        elif what == "topic":
            history(here, topic=sns.Topic(there, "Topic"))
        else:
            (pools, clients), (far_pools, far_clients) = user_pool(here), user_pool(there)
            if what == "user pool":
                pools = far_pools
            else:
                clients = far_clients
            endpoint(here, authorization=Authorization.cognito(pools, clients))

    assert "The account or the region of one of the two is not known. Give both stacks the same env." in mistakes_of(
        build
    )
    # By its id or its ARN it may be of any stack.
    imported = ChatHistory.from_table_arn(there, "Imported", TABLE_ARN)
    endpoint(here, "Taken", history=imported, instance=ConnectInstance.from_instance_id(there, "Known", INSTANCE_ID))


def test_a_user_pool_that_no_template_can_name_is_refused() -> None:
    """API Gateway accepts the ARN of a pool of any account and region."""
    app = App()
    here = stack("Here", app=app, env=HERE)
    authorization = Authorization.cognito(*user_pool(PLACES["another stage"](app)))
    assert "authorization: got a user pool of another stage" in mistakes_of(
        lambda: endpoint(here, authorization=authorization)
    )
    far = cognito.UserPool.from_user_pool_arn(
        here, "Far", "arn:aws:cognito-idp:eu-west-1:999999999999:userpool/eu-west-1_abc"
    )
    client = cognito.UserPoolClient.from_user_pool_client_id(here, "FarClient", "abc")
    endpoint(here, "Taken", authorization=Authorization.cognito([far], [client]))


def test_an_authorizer_serves_one_endpoint_of_its_own_stack() -> None:
    """The CDK attaches an authorizer to one API only, and each of the two names the other in its template."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), stack("There", app=app, env=HERE)
    authorization = Authorization.authorizer(lambda_authorizer(there), customer_key="customer")
    said = mistakes_of(lambda: endpoint(here, authorization=authorization))
    assert "authorization: got an authorizer of the stack 'There', expected one of the endpoint's own stack" in said
    endpoint(there, authorization=authorization)
    said = mistakes_of(lambda: endpoint(there, "Second", authorization=authorization))
    assert "authorization: got an authorizer that another API uses already, expected one that no API uses yet." in said


def test_a_history_of_another_alias_is_refused() -> None:
    """Look-ups would find nothing, and nobody would know why."""
    here = stack()
    one, same, other = (
        ConnectInstance.from_instance_alias(here, id, alias)
        for id, alias in (("One", "centre"), ("Same", "Centre"), ("Other", "other"))
    )
    kept = history(here, instance=one)
    assert (
        "history: got a history of the instance 'centre', expected a history of the endpoint's instance, 'other'."
        in mistakes_of(lambda: endpoint(here, instance=other, history=kept))
    )
    endpoint(here, instance=same, history=kept)
