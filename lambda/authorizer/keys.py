"""The issuer's public keys: which of them can be used, and how long they are kept in memory."""

import time
from collections.abc import Callable, Mapping

from authorizer import strict
from authorizer.failure import IssuerFailed
from aws.description import described
from shared.typing import NamedTuple

_LEAST_BITS, _MOST_BITS = 2048, 4096
# OpenSSL accepts such an exponent with every modulus.
_MOST_EXPONENT_BITS = 64
# The keys are read again after this time.
_FRESH_SECONDS = 3600
# While the issuer is down they stay in use, up to this age. API Gateway's own authorizers keep keys as long.
_LONGEST_SECONDS = 7200
# The least time between two readings, for all callers of this process.
_PAUSE_SECONDS = 60
# A message names no more than this many problems.
_MOST_PROBLEMS = 10


class Key(NamedTuple):
    """A public RSA key."""

    # Its name, if it has one.
    kid: str | None
    # The algorithms that it may be used with: its own, or those of the settings.
    algorithms: tuple[str, ...]
    modulus: int
    exponent: int


def usable(key_set: Mapping[str, object], algorithms: tuple[str, ...]) -> dict[str | None, Key]:
    """The keys of a JWK Set that can verify a token, by name. If there is only one, None finds it too.

    Raises IssuerFailed if no key can be used. The text says why, key by key.
    """
    listed = key_set.get("keys")
    if not isinstance(listed, list):
        raise IssuerFailed("issuer_unexpected", f"The key set's `keys` is {described(listed)}, expected an array.")
    keys: list[Key] = []
    problems = []
    for number, one in enumerate(listed, 1):
        try:
            keys.append(_key(one, algorithms))
        except ValueError as problem:
            problems.append(f"key {number}: {problem}")
    names = [key.kid for key in keys]
    # If two keys have the same name, nobody knows which one a token means. So neither is used.
    named: dict[str | None, Key] = {key.kid: key for key in keys if key.kid and names.count(key.kid) == 1}
    if len(keys) == 1:
        named[None] = keys[0]
    if not named:
        problems += ["several keys have the same kid or none"] if keys else []
        why = "; ".join(problems[:_MOST_PROBLEMS]) or "the key set is empty"
        raise IssuerFailed("issuer_keys", f"None of the issuer's keys can be used: {why}.")
    return named


def _key(jwk: object, algorithms: tuple[str, ...]) -> Key:
    """Raises ValueError, which says why the key cannot be used."""
    if not isinstance(jwk, dict) or jwk.get("kty") != "RSA":
        raise ValueError("kty is not RSA")
    if jwk.get("use", "sig") != "sig":
        raise ValueError("use is not sig")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("key_ops has no verify")
    if "alg" in jwk and jwk["alg"] not in algorithms:
        raise ValueError(f"alg is not {' or '.join(algorithms)}")
    kid = jwk.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise ValueError("kid is not a text")
    try:
        modulus, exponent = (int.from_bytes(strict.bytes_of(jwk[name]), "big") for name in ("n", "e"))
    except (KeyError, TypeError, ValueError):
        raise ValueError("n or e is not base64url") from None
    if not _LEAST_BITS <= modulus.bit_length() <= _MOST_BITS:
        raise ValueError(f"the modulus has {modulus.bit_length()} bits, expected {_LEAST_BITS} to {_MOST_BITS}")
    if modulus % 2 == 0:
        raise ValueError("the modulus is even")
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > _MOST_EXPONENT_BITS:
        raise ValueError(f"the exponent is not odd, less than 3, or longer than {_MOST_EXPONENT_BITS} bits")
    return Key(kid, (jwk["alg"],) if "alg" in jwk else algorithms, modulus, exponent)


class Keys:
    """The keys in memory.

    They are read when the first token comes, and again after an hour. They are also read if a token names an unknown
    key, because the issuer may have a new one. If there are keys in memory, they are read at most once a minute, for
    all callers, even if a reading failed. While the issuer is down, the keys stay in use until they are two hours old.
    A token without a `kid` cannot show that the keys have changed. So it is accepted only if the issuer has one key,
    and the keys are read again for it, at most once a minute.

    :param read: reads the keys, by name. Raises IssuerFailed.
    :param clock: the time of the day in seconds. A monotonic clock may stop while Lambda freezes the process.
    """

    def __init__(self, read: Callable[[], dict[str | None, Key]], clock: Callable[[], float] = time.time) -> None:
        self._read = read
        self._clock = clock
        self._keys: dict[str | None, Key] = {}
        # When the keys were read, and the last attempt to read them again.
        self._since = self._tried = float("-inf")
        # Why the last reading failed.
        self._failure: IssuerFailed | None = None

    def find(self, kid: str | None) -> Key | None:
        """The key with this name; for None, the only key. None if there is no such key. Raises IssuerFailed."""
        now = self._clock()
        is_known = kid is not None and kid in self._keys and 0 <= now - self._since < _FRESH_SECONDS
        if not self._keys or not (is_known or 0 <= now - self._tried < _PAUSE_SECONDS):
            self._renew(now)
        key = self._keys.get(kid)
        if key is None and self._failure is not None:
            raise self._failure.with_traceback(None)
        return key

    def _renew(self, now: float) -> None:
        if self._keys:
            self._tried = now
        try:
            self._keys, self._since, self._failure = self._read(), now, None
        except IssuerFailed as failure:
            self._failure = failure
            if not 0 <= now - self._since < _LONGEST_SECONDS:
                self._keys = {}
