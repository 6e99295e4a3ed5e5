"""The operations of Amazon Connect: what each needs of IAM, and what it does."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from .associations import Associations
from .clock import Clock
from .contacts import CHANNELS, CHAT, SUBTYPE, Contact, Contacts
from .conversations import PLAIN, Conversations
from .errors import ConnectError, invalid_parameter, invalid_request, not_found
from .instances import ACTIVE, INBOUND, PUBLISHED, Instance, Instances, page_of
from .model import Fields
from .quotas import Quotas
from .transcripts import Transcripts, prefix_of

_STORAGE_PAGE = 10
_ASSOCIATED_PAGE = 100
_SEARCH_PAGE = 100
_FLOWS_PAGE = 100
_SORTED = {"FieldName": "INITIATION_TIMESTAMP", "Order": "ASCENDING"}
# What DescribeInstanceAttribute answers. Assumption: every switch is on.
_ATTRIBUTE_VALUE = "true"
# API Reference, StartChatContact: what its service model does not say of its fields.
_MOST_ATTRIBUTES_BYTES = 32_768
_RESPONSE = "application/vnd.amazonaws.connect.message.interactive.response"
_INITIAL_TYPES = {PLAIN, "text/markdown", "application/json", _RESPONSE}
_OF_GUIDES = {"application/vnd.amazonaws.connect.message.interactive", _RESPONSE}


def permissions_of(operation: str, fields: Fields, instances: Instances) -> list[tuple[str, str]]:
    """Every action with the resource that it needs (Service Authorization Reference)."""
    action = f"connect:{operation}"
    instance = instances.arn_of(str(fields.get("InstanceId", "")))
    contact = f"{instance}/contact/{fields.get('ContactId') or fields.get('InitialContactId')}"
    directories = ("ds:DescribeDirectories", "*")
    if operation == "CreatePersistentContactAssociation":
        return [(action, instance), (action, contact)]
    if operation == "ListInstances":
        return [(action, "*"), directories]
    if operation == "DescribeInstance":
        return [(action, instance), directories]
    if operation == "SearchContacts":
        return [(action, instance), ("connect:DescribeContact", f"{instance}/contact/*")]
    if operation in ("ListInstanceStorageConfigs", "DescribeInstanceAttribute", "ListContactFlows"):
        return [(action, instance)]
    flow = str(fields.get("ContactFlowId", ""))
    flow = flow.lower() if flow.startswith("arn:") else f"{instance}/contact-flow/{flow}"
    if operation == "DescribeContactFlow":
        return [(action, flow)]
    if operation == "StartChatContact":
        return [(action, flow), (action, f"{instance}/contact/*")]
    # Assumption: what names one contact needs the permission on that contact and nothing else.
    return [(action, contact)]


class Operations:
    """The supported operations; each takes validated fields and the region, and returns the answer."""

    def __init__(
        self,
        instances: Instances,
        contacts: Contacts,
        associations: Associations,
        transcripts: Transcripts,
        conversations: Conversations,
        clock: Clock,
        quotas: Quotas,
    ) -> None:
        self._instances = instances
        self._contacts = contacts
        self._associations = associations
        self._transcripts = transcripts
        self._conversations = conversations
        self._clock = clock
        self._quotas = quotas
        # Answers by operation and ClientToken, with the fields that got them.
        self._answered: dict[tuple[str, str], tuple[Fields, Fields]] = {}
        self.supported: dict[str, Callable[[Fields, str], Fields]] = {
            "ListInstances": self._list_instances,
            "DescribeInstance": self._describe_instance,
            "ListInstanceStorageConfigs": self._list_storage_configs,
            "DescribeInstanceAttribute": self._describe_instance_attribute,
            "ListContactFlows": self._list_flows,
            "DescribeContactFlow": self._describe_flow,
            "StartChatContact": self._once(self._start_chat, "StartChatContact"),
            "StopContact": self._stop_contact,
            "DescribeContact": self._describe_contact,
            "GetContactAttributes": self._get_attributes,
            "UpdateContactAttributes": self._update_attributes,
            "ListAssociatedContacts": self._list_associated,
            "SearchContacts": self._search_contacts,
            "CreatePersistentContactAssociation": self._once(
                self._create_association, "CreatePersistentContactAssociation"
            ),
        }

    def _once(self, operation: Callable[[Fields, str], Fields], name: str) -> Callable[[Fields, str], Fields]:
        """The same ClientToken gets the same answer, and makes nothing twice."""

        def answered(fields: Fields, region: str) -> Fields:
            token = fields.get("ClientToken")
            if not token:
                return operation(fields, region)
            if (name, token) in self._answered:
                before, answer = self._answered[name, token]
                if before != fields:
                    # Assumption: one token with other fields is refused.
                    raise invalid_request("The ClientToken was used with other parameters.")
                return answer
            answer = operation(fields, region)
            # Assumption: only a success is remembered, and for as long as the cloud runs.
            self._answered[name, token] = (fields, answer)
            return answer

        return answered

    def _list_instances(self, fields: Fields, region: str) -> Fields:
        instances, token = page_of(
            self._instances.all(region), fields.get("MaxResults", _STORAGE_PAGE), fields.get("NextToken")
        )
        return {"InstanceSummaryList": [_instance(one) for one in instances], "NextToken": token}

    def _describe_instance(self, fields: Fields, region: str) -> Fields:
        return {"Instance": _instance(self._instances.get(region, fields["InstanceId"]))}

    def _list_storage_configs(self, fields: Fields, region: str) -> Fields:
        instance = self._instances.get(region, fields["InstanceId"])
        buckets = instance.transcript_buckets if fields["ResourceType"] == "CHAT_TRANSCRIPTS" else ()
        configs = [
            {
                "AssociationId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{instance.arn}/{bucket}")),
                "StorageType": "S3",
                "S3Config": {
                    "BucketName": bucket,
                    "BucketPrefix": prefix_of(instance.alias),
                },
            }
            for bucket in buckets
        ]
        page, token = page_of(configs, fields.get("MaxResults", _STORAGE_PAGE), fields.get("NextToken"))
        return {"StorageConfigs": page, "NextToken": token}

    def _describe_instance_attribute(self, fields: Fields, region: str) -> Fields:
        self._instances.get(region, fields["InstanceId"])
        return {"Attribute": {"AttributeType": fields["AttributeType"], "Value": _ATTRIBUTE_VALUE}}

    def _list_flows(self, fields: Fields, region: str) -> Fields:
        instance, types = self._instances.get(region, fields["InstanceId"]), fields.get("ContactFlowTypes")
        flows = [flow for flow in instance.flows.values() if not types or flow.type in types]
        page, token = page_of(flows, fields.get("MaxResults", _FLOWS_PAGE), fields.get("NextToken"))
        summaries = [
            {
                "Id": flow.id,
                "Arn": instance.flow_arn(flow.id),
                "Name": flow.name,
                "ContactFlowType": flow.type,
                "ContactFlowState": flow.state,
                "ContactFlowStatus": flow.status,
            }
            for flow in page
        ]
        return {"ContactFlowSummaryList": summaries, "NextToken": token}

    def _describe_flow(self, fields: Fields, region: str) -> Fields:
        instance = self._instances.get(region, fields["InstanceId"])
        flow = instance.flow(fields["ContactFlowId"])
        if flow.status != PUBLISHED:
            raise ConnectError("ContactFlowNotPublishedException", f"The contact flow {flow.id} is not published.")
        return {
            "ContactFlow": {
                "Arn": instance.flow_arn(flow.id),
                "Id": flow.id,
                "Name": flow.name,
                "Type": flow.type,
                "State": flow.state,
                "Status": flow.status,
            }
        }

    def _start_chat(self, fields: Fields, region: str) -> Fields:
        persistent, related = fields.get("PersistentChat"), fields.get("RelatedContactId")
        # API Reference, StartChatContact: not both of them. Assumption: this is looked at before what they name.
        if persistent is not None and related is not None:
            raise invalid_request("RelatedContactId and PersistentChat exclude each other.")
        instance = self._instances.active(region, fields["InstanceId"])
        _check_flow(instance, fields["ContactFlowId"])
        _check_content(fields)
        if related is not None:
            # Assumption: the contact has to exist, in the same instance, whatever its channel.
            self._contacts.get(instance, related)
        source = None
        if persistent is not None:
            if not {"RehydrationType", "SourceContactId"} <= set(persistent):
                raise invalid_request("PersistentChat needs both RehydrationType and SourceContactId.")
            source = self._contacts.get(instance, persistent["SourceContactId"])
        self._check_limit(instance)
        contact = self._contacts.start(
            instance,
            self._clock.now(),
            customer_id=fields.get("CustomerId"),
            attributes=fields.get("Attributes"),
            segment_attributes=fields.get("SegmentAttributes"),
            related_id=related,
        )
        answer: Fields = {"ContactId": contact.id}
        if persistent is not None and source is not None:
            try:
                association = self._associations.create(contact, source, persistent["RehydrationType"], None)
            except ConnectError:
                # Assumption: no chat begins that cannot continue what it should.
                self._contacts.forget(contact)
                raise
            answer["ContinuedFromContactId"] = association.continued_from_contact_id
            self._conversations.rehydrate(contact, contact.initiated, tell=False)
        initial = fields.get("InitialMessage")
        customer = self._conversations.begin(
            contact,
            fields["ParticipantDetails"]["DisplayName"],
            frozenset(fields.get("SupportedMessagingContentTypes", [PLAIN])),
            (initial["ContentType"], initial["Content"]) if initial else None,
        )
        self._contacts.announce(contact, contact.initiated)
        return {**answer, "ParticipantId": customer.author.id, "ParticipantToken": customer.token}

    def _check_limit(self, instance: Instance) -> None:
        most = self._quotas.chats
        if most is None:
            return
        contacts = self._contacts.all(instance)
        if sum(contact.channel == CHAT and not contact.ended for contact in contacts) >= most:
            raise ConnectError("LimitExceededException", "The quota of chats that run at once is exceeded.")

    def _stop_contact(self, fields: Fields, region: str) -> Fields:
        self._conversations.stop(self._contact(fields, region), self._clock.now())
        return {}

    def _describe_contact(self, fields: Fields, region: str) -> Fields:
        contact = self._contact(fields, region)
        ends = [moment for moment in (contact.initiated, contact.disconnected) if moment is not None]
        return {
            "Contact": {
                "Arn": contact.arn,
                "Id": contact.id,
                **_relations(contact),
                "ConnectedToSystemTimestamp": contact.connected,
                "DisconnectTimestamp": contact.disconnected,
                "LastUpdateTimestamp": ends[-1],
                "CustomerId": contact.customer_id,
                "Attributes": contact.attributes,
                "SegmentAttributes": contact.segment_attributes,
                "Recordings": self._recordings(contact),
            }
        }

    def _recordings(self, contact: Contact) -> list[Fields] | None:
        self._transcripts.write(self._clock.now())
        location = self._transcripts.location(contact)
        if location is None:
            return None
        # Assumption: no MediaStreamType, since the service model has none for chats.
        return [
            {
                "StorageType": "S3",
                "Location": location,
                "ParticipantType": "ALL",
                "StartTimestamp": contact.initiated,
                "StopTimestamp": contact.disconnected,
                "Status": "AVAILABLE",
            }
        ]

    def _get_attributes(self, fields: Fields, region: str) -> Fields:
        return {"Attributes": self._contact(fields, region).attributes}

    def _update_attributes(self, fields: Fields, region: str) -> Fields:
        self._contacts.update_attributes(self._contact(fields, region), fields["Attributes"], self._clock.now())
        return {}

    def _search_contacts(self, fields: Fields, region: str) -> Fields:
        instance = self._instances.active(region, fields["InstanceId"])
        unsupported = set(fields) - {"InstanceId", "TimeRange", "SearchCriteria", "MaxResults", "NextToken", "Sort"}
        unsupported |= set(fields.get("SearchCriteria", {})) - {"Channels"}
        by = {fields["TimeRange"]["Type"], fields.get("Sort", _SORTED)["FieldName"]}
        if unsupported or by != {"INITIATION_TIMESTAMP"} or fields.get("Sort", _SORTED)["Order"] != "ASCENDING":
            raise invalid_request(
                "The local cloud searches by INITIATION_TIMESTAMP, ascending, and Channels only, got "
                f"{', '.join(sorted(unsupported)) or 'another order'}."
            )
        start, end = (_instant(fields["TimeRange"], name) for name in ("StartTime", "EndTime"))
        # Assumption: as in the console, a search spans eight weeks at most.
        if not timedelta(0) <= end - start <= timedelta(weeks=8):
            raise invalid_request("The time range has to be one of at most 8 weeks.")
        channels = fields.get("SearchCriteria", {}).get("Channels") or CHANNELS
        # Assumption: both ends of the range belong to it.
        found = [
            contact
            for contact in self._contacts.all(instance)
            if start <= contact.initiated <= end and contact.channel in channels
        ]
        page, token = page_of(found, fields.get("MaxResults", _SEARCH_PAGE), fields.get("NextToken"))
        summaries = []
        for contact in page:
            relations = _relations(contact)
            # A summary does not tell what an association made it continue.
            del relations["RelatedContactId"]
            summaries.append(
                {"Arn": contact.arn, "Id": contact.id, **relations, "DisconnectTimestamp": contact.disconnected}
            )
        return {"Contacts": summaries, "NextToken": token, "TotalCount": len(found)}

    def _list_associated(self, fields: Fields, region: str) -> Fields:
        # Assumption: the contacts of one session, oldest first.
        session = self._contacts.session(self._contact(fields, region))
        page, token = page_of(session, fields.get("MaxResults", _ASSOCIATED_PAGE), fields.get("NextToken"))
        summaries = [
            {
                "ContactId": contact.id,
                "ContactArn": contact.arn,
                **_relations(contact),
                "DisconnectTimestamp": contact.disconnected,
            }
            for contact in page
        ]
        return {"ContactSummaryList": summaries, "NextToken": token}

    def _create_association(self, fields: Fields, region: str) -> Fields:
        instance = self._instances.active(region, fields["InstanceId"])
        current = self._contacts.get(instance, fields["InitialContactId"])
        source = self._contacts.get(instance, fields["SourceContactId"])
        association = self._associations.create(current, source, fields["RehydrationType"], fields.get("ClientToken"))
        self._conversations.rehydrate(current, self._clock.now(), tell=True)
        return {"ContinuedFromContactId": association.continued_from_contact_id}

    def _contact(self, fields: Fields, region: str) -> Contact:
        instance = self._instances.active(region, fields["InstanceId"])
        return self._contacts.get(instance, fields.get("ContactId") or fields["InitialContactId"])


def _check_flow(instance: Instance, id_or_arn: str) -> None:
    """Whether a chat can begin with a flow. Raises ConnectError."""
    flow = instance.flow(id_or_arn)
    if (flow.state, flow.status) != (ACTIVE, PUBLISHED):
        # Assumption: a flow that is not published, or archived, is not found: the service model has no other error.
        raise not_found(f"published contact flow {id_or_arn}")
    # Administrator Guide, "Contact initiation methods": a chat of the API begins with an inbound flow.
    # Assumption: another type is refused as InvalidRequestException.
    if flow.type != INBOUND:
        raise invalid_request(f"The contact flow {id_or_arn} is of type {flow.type}, which starts no chat.")


def _check_content(fields: Fields) -> None:
    """What the API Reference says of a new chat's fields. Raises ConnectError.

    Assumption: it is InvalidRequestException, whatever the rule.
    """
    attributes = fields.get("Attributes", {})
    if sum(len(f"{name}{value}".encode()) for name, value in attributes.items()) > _MOST_ATTRIBUTES_BYTES:
        raise invalid_request(f"The attributes are more than {_MOST_ATTRIBUTES_BYTES} bytes.")
    wrong = [name for name in attributes if not re.fullmatch(r"[A-Za-z0-9_-]+", name)]
    if wrong:
        raise invalid_request(f"Names of attributes are alphanumeric, - and _, got {', '.join(wrong)[:200]}.")
    initial = fields.get("InitialMessage", {}).get("ContentType", PLAIN)
    if initial not in _INITIAL_TYPES:
        raise invalid_request(f"InitialMessage cannot be {initial}.")
    types = set(fields.get("SupportedMessagingContentTypes", [PLAIN]))
    if PLAIN not in types or not types <= _INITIAL_TYPES | _OF_GUIDES:
        raise invalid_request(f"SupportedMessagingContentTypes has to have {PLAIN}, and only types that exist.")
    subtype = fields.get("SegmentAttributes", {}).get(SUBTYPE, {}).get("ValueString")
    if subtype == "connect:Guide" and not types >= _OF_GUIDES:
        raise invalid_request("connect:Guide needs both interactive types in SupportedMessagingContentTypes.")


def _instance(instance: Instance) -> dict[str, Any]:
    return {
        "Id": instance.id,
        "Arn": instance.arn,
        "IdentityManagementType": "CONNECT_MANAGED",
        "InstanceAlias": instance.alias,
        "CreatedTime": instance.created,
        "InstanceStatus": instance.status,
        "InboundCallsEnabled": True,
        "OutboundCallsEnabled": True,
    }


def _relations(contact: Contact) -> dict[str, Any]:
    return {
        # Assumption: absent on a session's first contact, as in contact events.
        "InitialContactId": None if contact.initial_id == contact.id else contact.initial_id,
        "PreviousContactId": contact.previous_id,
        "RelatedContactId": contact.related_id,
        "InitiationMethod": contact.initiation_method,
        "InitiationTimestamp": contact.initiated,
        "Channel": contact.channel,
    }


def _instant(fields: Fields, name: str) -> datetime:
    seconds = fields[name]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 4_102_444_800:
        raise invalid_parameter(f"{name}: expected a number of seconds since the epoch.")
    return datetime.fromtimestamp(seconds, UTC)
