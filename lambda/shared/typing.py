"""What the functions use of `typing`. It would take a twentieth of a cold start, so only mypy imports it.

Not for the provisioning function: boto3 imports `typing` anyway.
"""

__all__ = ("TYPE_CHECKING", "Any", "NamedTuple", "TypeGuard", "TypeVar")

# mypy takes a variable of this name for true.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, NamedTuple, TypeGuard, TypeVar
else:
    from operator import itemgetter

    # Only annotations have these.
    Any, TypeGuard, TypeVar = object, type, lambda _: object

    class NamedTuple(tuple):
        """As the one of `typing`, which compiles code for each class."""

        def __init_subclass__(cls):
            cls._names = tuple(cls.__annotations__)
            cls._defaults = {name: vars(cls)[name] for name in cls._names if name in vars(cls)}
            for place, name in enumerate(cls._names):
                setattr(cls, name, property(itemgetter(place)))

        def __new__(cls, *values, **named):
            if len(values) == len(cls._names) and not named:
                return super().__new__(cls, values)
            given = dict(zip(cls._names, values, strict=False)) | named
            fields = cls._defaults | given
            if len(given) < len(values) + len(named) or fields.keys() != {*cls._names}:
                raise TypeError(f"{cls.__name__}: got {len(values)} values and {[*named]}, expected {cls._names}")
            return super().__new__(cls, [fields[name] for name in cls._names])

        def _replace(self, **named):
            return type(self)(**dict(zip(self._names, self, strict=True)) | named)
