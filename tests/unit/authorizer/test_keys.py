"""Which of an issuer's keys can be used, and for how long."""

from typing import Any

import pytest

from authorizer.failure import IssuerFailed
from authorizer.keys import Key, Keys, usable
from tests.unit.authorizer.signing import encoded, jwk, keys, number, private

EVEN = number(private().public_key().public_numbers().n + 1)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"alg": "RS256"},
        {"key_ops": ["verify"]},
        {"key_ops": ["sign", "verify"]},
        {"x5c": ["x"], "x5t": "x", "issuer": "https://x"},
    ],
)
def test_a_key_that_is_for_signatures_can_be_used(more: dict[str, Any]) -> None:
    """Whatever else stands in it."""
    numbers = private().public_key().public_numbers()
    expected = Key("a", ("RS256",), numbers.n, numbers.e)
    assert keys(jwk(**more)) == {"a": expected, None: expected}
    without = {name: value for name, value in jwk(**more).items() if name != "use"}
    assert keys(without) == {"a": expected, None: expected}


def test_the_algorithm_is_the_keys_own() -> None:
    """Only a key that has none takes what the settings permit: Entra ID's have none."""
    permitted = ("RS256", "PS256")
    assert keys(jwk(), algorithms=permitted)["a"].algorithms == permitted
    assert keys(jwk(alg="PS256"), algorithms=permitted)["a"].algorithms == ("PS256",)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (None, "kty is not RSA"),
        ("key", "kty is not RSA"),
        ([], "kty is not RSA"),
        ({}, "kty is not RSA"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "kty is not RSA"),
        ({"kty": "oct", "k": "AA"}, "kty is not RSA"),
        (jwk(kty="rsa"), "kty is not RSA"),
        (jwk(use="enc"), "use is not sig"),
        (jwk(use=None), "use is not sig"),
        (jwk(key_ops=["sign"]), "key_ops has no verify"),
        (jwk(key_ops=[]), "key_ops has no verify"),
        (jwk(key_ops="verify"), "key_ops has no verify"),
        (jwk(alg="RSA-OAEP"), "alg is not RS256"),
        (jwk(alg="RS512"), "alg is not RS256"),
        (jwk(alg=None), "alg is not RS256"),
        (jwk(alg=["RS256"]), "alg is not RS256"),
        (jwk(kid=7), "kid is not a text"),
        (jwk(kid=["a"]), "kid is not a text"),
        (jwk(n=7), "n or e is not base64url"),
        (jwk(n=None), "n or e is not base64url"),
        (jwk(n=jwk()["n"] + "=="), "n or e is not base64url"),
        (jwk(n="+" + jwk()["n"][1:]), "n or e is not base64url"),
        (jwk(e="é"), "n or e is not base64url"),
        ({name: value for name, value in jwk().items() if name != "e"}, "n or e is not base64url"),
        (jwk("small", 1024), "the modulus has 1024 bits, expected 2048 to 4096"),
        (jwk("odd", 2046), "the modulus has 2046 bits, expected 2048 to 4096"),
        (jwk(n=encoded(b"\1" * 513)), "the modulus has 4097 bits, expected 2048 to 4096"),
        (jwk(n=""), "the modulus has 0 bits"),
        (jwk(n=EVEN), "the modulus is even"),
        (jwk(e=number(1)), "the exponent is not odd, less than 3, or longer than 64 bits"),
        (jwk(e=number(65536)), "the exponent is not odd"),
        (jwk(e=number(2**64 + 1)), "the exponent is not odd"),
        (jwk(e=""), "the exponent is not odd"),
    ],
)
def test_another_key_cannot_be_used_and_it_is_said_why(other: Any, why: str) -> None:
    """A deployment fails with this text. Beside a right one it does no harm: issuers list keys for encryption, too."""
    with pytest.raises(IssuerFailed, match=f"^None of the issuer's keys can be used: key 1: {why}") as failed:
        usable({"keys": [other]}, ("RS256",))
    assert failed.value.reason == "issuer_keys"
    assert keys(other, jwk("b")).keys() == {"b", None}


@pytest.mark.parametrize("exponent", [3, 17, 2**64 - 59])
def test_an_exponent_may_be_small_or_rather_large(exponent: int) -> None:
    """Old issuers have 3; the padding is compared as a whole, so that it does no harm."""
    assert keys(jwk(e=number(exponent)))["a"].exponent == exponent


def test_a_modulus_may_have_these_lengths() -> None:
    """The limits themselves are in."""
    for bits in (2048, 3072, 4096):
        assert keys(jwk(bits=bits))["a"].modulus.bit_length() == bits


def test_keys_with_one_name_are_not_used() -> None:
    """Which of them is meant cannot be known. A library takes the first."""
    assert keys(jwk("a"), jwk("b"), {**jwk("c"), "kid": "a"}).keys() == {"b"}
    assert keys(jwk("a"), jwk("b"), jwk("a")).keys() == {"b"}
    with pytest.raises(IssuerFailed, match="several keys have the same kid or none"):
        keys(jwk("a"), jwk("a"))
    # One that cannot be used takes no name away.
    assert keys(jwk("a"), jwk("a", use="enc")).keys() == {"a", None}


def test_a_key_without_a_name_is_used_if_it_is_the_only_one() -> None:
    """Else a token without a `kid` would be tried with one key after the other."""
    nameless = {name: value for name, value in jwk().items() if name != "kid"}
    for one in (nameless, {**nameless, "kid": None}, {**nameless, "kid": ""}):
        assert keys(one).keys() == {None}
        assert keys(one, jwk("b")).keys() == {"b"}
    with pytest.raises(IssuerFailed, match="several keys have the same kid or none"):
        keys(nameless, nameless)


@pytest.mark.parametrize("listed", [None, {}, "x", 7])
def test_a_key_set_is_an_array(listed: Any) -> None:
    """What is none is no answer of an issuer."""
    with pytest.raises(IssuerFailed, match="expected an array") as failed:
        usable({"keys": listed}, ("RS256",))
    assert failed.value.reason == "issuer_unexpected"


def test_a_text_does_not_grow_with_the_key_set() -> None:
    """It goes into a log and into a deployment's failure."""
    with pytest.raises(IssuerFailed) as failed:
        usable({"keys": [{}] * 10_000}, ("RS256",))
    assert len(str(failed.value)) < 500
    with pytest.raises(IssuerFailed, match="the key set is empty"):
        usable({"keys": []}, ("RS256",))


class Issuer:
    """Shows keys, or fails, and counts how often it was asked. Its clock is its own."""

    def __init__(self, *names: str) -> None:
        self.now = 1000.0
        self.asked = 0
        self.is_down = False
        self.show(*names)
        self.keys = Keys(self._read, lambda: self.now)

    def show(self, *names: str) -> None:
        """From now on these keys."""
        self._shown = keys(*map(jwk, names))

    def _read(self) -> dict[str | None, Key]:
        self.asked += 1
        if self.is_down:
            raise IssuerFailed("issuer_unreachable", f"down for the {self.asked}.")
        return self._shown

    def fails(self, kid: str | None) -> bool:
        """Whether nobody can tell if there is this key."""
        try:
            self.keys.find(kid)
        except IssuerFailed:
            return True
        return False


def test_known_keys_are_read_once() -> None:
    """A warm function asks nobody."""
    issuer = Issuer("a", "b")
    for name in ("a", "b") * 10:
        key = issuer.keys.find(name)
        assert key is not None
        assert key.kid == name
        # Also within a moment.
        assert issuer.keys.find(name) == key
        assert issuer.asked == 1
        issuer.now += 100
    assert issuer.asked == 1


def test_an_unknown_key_is_looked_for_at_most_once_a_minute() -> None:
    """Rotated keys are found at once; nobody's made-up ones keep the issuer busy."""
    issuer = Issuer("a", "b")
    assert issuer.keys.find("a")
    issuer.show("b", "c")
    assert issuer.keys.find("c")
    assert issuer.asked == 2
    assert issuer.keys.find("a") is None
    for second in range(59):
        issuer.now += 1
        assert issuer.keys.find(f"made up {second}") is None
    assert issuer.asked == 2
    issuer.now += 1
    assert issuer.keys.find("d") is None
    assert issuer.asked == 3


def test_a_failure_counts_for_the_minute_and_the_keys_stay() -> None:
    """An issuer that is down is not asked by each call. Whether an unknown key is one of its own is not known then."""
    issuer = Issuer("a", "b")
    assert issuer.keys.find("a")
    issuer.is_down = True
    for _ in range(3):
        assert issuer.fails("c")
        assert issuer.keys.find("a")
    assert issuer.asked == 2
    issuer.now += 60
    issuer.is_down = False
    assert issuer.keys.find("c") is None
    assert not issuer.fails("c")
    assert issuer.asked == 3


def test_without_keys_each_call_asks() -> None:
    """There is nothing to lose, and the first that succeeds serves all."""
    issuer = Issuer("a")
    issuer.is_down = True
    for count in range(1, 5):
        assert issuer.fails("a")
        assert issuer.asked == count
    issuer.is_down = False
    assert issuer.keys.find("a")


def test_a_stored_failure_does_not_grow() -> None:
    """The same exception raised a thousand times would keep a thousand traces."""
    issuer = Issuer("a")
    assert issuer.keys.find("a")
    issuer.is_down = True
    depths = set()
    for _ in range(3):
        with pytest.raises(IssuerFailed) as failed:
            issuer.keys.find("b")
        depths.add(len(failed.traceback))
    assert len(depths) == 1


def test_keys_are_read_anew_after_an_hour() -> None:
    """A key that the issuer took back does not work for ever."""
    issuer = Issuer("a", "b")
    assert issuer.keys.find("a")
    issuer.show("b")
    issuer.now += 3599
    assert issuer.keys.find("a")
    issuer.now += 1
    assert issuer.keys.find("a") is None
    assert issuer.asked == 2


def test_keys_stay_in_use_for_two_hours_while_the_issuer_is_down() -> None:
    """Asked once a minute. Then nothing is known any more: neither right nor wrong."""
    issuer = Issuer("a", "b")
    assert issuer.keys.find("a")
    issuer.is_down = True
    issuer.now += 3600
    for _ in range(59):
        assert issuer.keys.find("a")
        assert issuer.keys.find("a")
        issuer.now += 60
    assert issuer.asked == 60
    issuer.now += 60
    assert issuer.fails("a")
    issuer.is_down = False
    assert issuer.keys.find("a")


def test_a_clock_that_was_set_back_makes_no_key_immortal() -> None:
    """An age below zero is none: the keys are read anew."""
    issuer = Issuer("a", "b")
    assert issuer.keys.find("a")
    issuer.now -= 500
    assert issuer.keys.find("a")
    assert issuer.asked == 2
    issuer.is_down = True
    issuer.now -= 500
    assert issuer.fails("a")


def test_a_token_without_a_name_gets_the_only_key_and_a_young_one() -> None:
    """Such a token cannot show that the issuer has a new key."""
    issuer = Issuer("a")
    assert issuer.keys.find(None)
    issuer.show("b")
    key = issuer.keys.find(None)
    assert key is not None
    assert (key.kid, issuer.asked) == ("b", 2)
    assert issuer.keys.find(None)
    assert issuer.asked == 2
    issuer.show("b", "c")
    issuer.now += 60
    assert issuer.keys.find(None) is None
