"""The errors of Connect's own protocol: whatever is raised has a status, and says its text."""

from collections.abc import Callable

import pytest

from local.connect import errors, model
from tests.unit.local.test_service import Caller

# It is asked of no instance, so that there is nothing which could not be found.
OPERATIONS = sorted(set(Caller().connect.supported) - {"ListInstances"})


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("made", "status"), [(errors.invalid_parameter, 400), (errors.invalid_request, 400), (errors.not_found, 404)]
)
def test_each_error_has_its_status_in_every_operation(
    made: Callable[[str], errors.ConnectError], status: int, operation: str
) -> None:
    """A type that the model does not know would end in a stack trace instead of an answer."""
    error = made("contact <c>")
    assert model.status_of(operation, error.error_type) == status
    assert "contact <c>" in error.message
    assert str(error) == error.message
