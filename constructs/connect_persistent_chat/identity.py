"""How a contact is tied to a customer."""


class CustomerIdentity:
    """How the endpoint knows whose chat a contact is.

    So far there is one way, and it has to be chosen by name, because it guards nothing: `unchecked()`.
    """

    def __init__(self, value: str, *, checked: bool) -> None:
        self._value = value
        self._checked = checked

    @classmethod
    def unchecked(cls) -> "CustomerIdentity":
        """Trust the caller: any past chat may be continued by whoever may invoke the endpoint.

        For backends that make sure themselves that both contacts belong to the same customer. Amazon Connect
        does not check it. Using it adds the synthesis warning `connect-persistent-chat:unchecked-customer`.
        """
        return cls("unchecked", checked=False)

    @property
    def value(self) -> str:
        """What the function is told, for example `unchecked`."""
        return self._value

    @property
    def checked(self) -> bool:
        """Whether the endpoint makes sure that both contacts carry the same customer."""
        return self._checked
