"""How a contact is tied to a customer."""

import re

from connect_persistent_chat.messages import shown
from connect_persistent_chat.parameters import Parameters
from connect_persistent_chat.shared import variables
from connect_persistent_chat.tokens import is_known, is_placeholder, with_tokens_as

# Amazon Connect's hosted widget gives this prefix to what a page sets without a signed token.
_SET_BY_BROWSERS = "hostedwidget-"


class CustomerIdentity:
    """How the endpoint knows to which customer a contact belongs.

    Both contacts have to carry the same customer. A contact without a customer belongs to nobody. Set the customer
    where the chat starts, in your own backend, and only from an identity that you verified.
    """

    # Set by the methods below.
    _value: str = variables.CUSTOMER_ID

    @classmethod
    def customer_id(cls) -> "CustomerIdentity":
        """The contact's CustomerId, as StartChatContact or a signed widget token set it, or a flow: the block "Set
        contact attributes" can write Customer ID (System).

        A contact can be associated with a customer profile; no document says that this fills CustomerId.
        StartAssistantContact cannot set it: use an attribute for such chats. A contact that is linked to another
        contact by RelatedContactId may get a copy of its properties (Administrator Guide, "Enable persistent chat"; the
        API Reference says this of attributes only). So let no caller of StartChatContact choose RelatedContactId or
        PersistentChat.
        """
        return cls()

    @classmethod
    def attribute(cls, name: str) -> "CustomerIdentity":
        """A user-defined attribute of the contact.

        :param name: letters, digits, hyphens and underscores, at most 128. Not `HostedWidget-…`: a browser sets
            those by itself. All segments of a session share the contact attributes. Flows can change them, and so can
            everybody who may call UpdateContactAttributes. A contact that is linked to another contact by
            RelatedContactId may get a copy of its attributes, also of the customer's name. So let no caller of
            StartChatContact choose RelatedContactId or PersistentChat.

        Raises ConfigurationError.
        """
        given = Parameters(cls.attribute, locals(), where="CustomerIdentity.attribute")
        if given.right("name") and not is_placeholder(name):
            known = with_tokens_as("x", name)
            if not re.fullmatch(variables.ATTRIBUTE_PATTERN, known):
                given.add([f"name: got {shown(name)}, expected 1 to 128 letters, digits, hyphens and underscores."])
            elif known.lower().startswith(_SET_BY_BROWSERS):
                given.add(
                    [
                        f"name: got {shown(name)}, expected an attribute that only your backend or a verified token "
                        "sets. A page can set any HostedWidget- attribute by itself, so it proves nothing."
                    ]
                )
        given.refuse()
        made = cls()
        # Not formatted: an enum that is a text would give its name, not its text.
        made._value = variables.ATTRIBUTE_PREFIX + name
        return made

    @classmethod
    def unchecked(cls) -> "CustomerIdentity":
        """Trust the caller: everybody who may invoke the endpoint can continue any past chat.

        For backends that make sure themselves that both contacts belong to the same customer. Amazon Connect
        does not check it. Using it adds the synthesis warning `connect-persistent-chat:unchecked-customer`.
        """
        made = cls()
        made._value = variables.UNCHECKED
        return made

    @property
    def value(self) -> str:
        """What the function is told: `customer_id`, `attribute:<name>` or `unchecked`."""
        return self._value

    @property
    def checked(self) -> bool:
        """Whether the endpoint makes sure that both contacts carry the same customer."""
        return self._value != variables.UNCHECKED

    def may_be(self, other: "CustomerIdentity") -> bool:
        """Whether this may be the same as the other: unless both are known, and differ.

        :param other: the other identity.
        """
        return not (is_known(self._value) and is_known(other._value)) or self._value == other._value
