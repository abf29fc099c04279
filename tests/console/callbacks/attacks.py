"""The attacks: what the attacker does, which standard's rule covers it, and what the console answers.

`python -m tests.console.callbacks.attacks` rewrites docs/callback-attacks.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from sandbox.browser import ConsentStopped, answer_consent
from sandbox.identity.keys import sign
from sandbox.world import CLIENT_SECRET
from tests.attack_table import written
from tests.console.callbacks.scene import Forge, Scene, another, unsigned
from tests.console.office import MERE
from xpm.xero.errors import CallbackReason

REPORT = Path(__file__).parents[3] / "docs" / "callback-attacks.md"
ATTACKERS_ISSUER = "https://identity.attacker.example"
ANOTHER_ADDRESS = "http://127.0.0.1:4280/oauth/callback/old"
ATTACKERS_ADDRESS = "https://attacker.example/oauth/callback"
ATTACKERS_KEY = RSAKey.generate_key(2048)
HALF_AN_HOUR = 1_800  # seconds; the link's life
FOREIGN = "It does not belong to a link opened in this browser."
SPENT = "Xero says it was already used or came too late."
UNPROVEN = "FYI could not verify that it comes from Xero and belongs to this link."
OVER = "This link is no longer valid"
AT_XERO = "Xero refuses the request itself"


@dataclass(frozen=True)
class Attack:
    """One attack; `carry_out` returns the console's answer, or None if no answer ever reaches the console."""

    name: str
    how: str
    reference: str
    refused: str
    carry_out: Callable[[Scene], httpx.Response | None]
    finding: CallbackReason | None = None
    """What did not match, where the console gives the same answer for several reasons."""


def _wrong_state(scene: Scene) -> httpx.Response:
    return scene.bring(scene.go(scene.invited()).answer | {"state": "forged-by-the-attacker"})


def _missing_state(scene: Scene) -> httpx.Response:
    answer = scene.go(scene.invited()).answer
    return scene.bring({name: value for name, value in answer.items() if name != "state"})


def _replayed_state(scene: Scene) -> httpx.Response:
    answer = scene.go(scene.invited()).answer
    cookies = dict(scene.office.browser.cookies)
    assert scene.bring(answer).status_code == 303
    with another(scene) as browser:  # with a copy of the cookie, which the console has deleted
        browser.cookies.update(cookies)
        return scene.bring(answer, browser)


def _expired_state(scene: Scene) -> httpx.Response:
    answer = scene.go(scene.invited()).answer
    scene.later(HALF_AN_HOUR + 60)
    return scene.bring(answer)


def _voided_state(scene: Scene) -> httpx.Response:
    invitation = scene.invited()
    answer = scene.go(invitation).answer
    scene.start_login(invitation)
    return scene.bring(answer)


def _foreign_state(scene: Scene) -> httpx.Response:
    with another(scene) as browser:
        answer = scene.go(scene.invited(), browser).answer
    return scene.bring(answer)


def _code_replay(scene: Scene) -> httpx.Response:
    used = scene.go(scene.invited()).answer
    assert scene.bring(used).status_code == 303
    return scene.bring(scene.go(scene.invited()).answer | {"code": used["code"]})


def _code_injection(scene: Scene) -> httpx.Response:
    with another(scene) as browser:
        stolen = scene.go(scene.invited(), browser).answer
    return scene.bring(scene.go(scene.invited()).answer | {"code": stolen["code"]})


def _verifier_reuse(scene: Scene) -> httpx.Response:
    invitation = scene.invited()
    first = scene.go(invitation).answer
    return scene.bring(scene.go(invitation).answer | {"code": first["code"]})


def _challenge_of_the_attacker(scene: Scene) -> httpx.Response:
    return scene.bring(scene.go(scene.invited(), code_challenge="A" * 43).answer)


def _mixed_up_issuer(scene: Scene) -> httpx.Response:
    return scene.bring(scene.go(scene.invited()).answer | {"iss": ATTACKERS_ISSUER})


def _unregistered_redirect(scene: Scene) -> None:
    address = scene.start_login(scene.invited())
    scene.before = scene.stored()
    try:
        answer_consent(str(httpx.URL(address).copy_set_param("redirect_uri", ATTACKERS_ADDRESS)), MERE)
    except ConsentStopped:
        return
    raise AssertionError("Xero sent the code to the attacker.")


def _other_redirect(scene: Scene) -> httpx.Response:
    scene.register(ANOTHER_ADDRESS)
    return scene.bring(scene.go(scene.invited(), redirect_uri=ANOTHER_ADDRESS).answer)


def _forged(forge: Forge) -> Callable[[Scene], httpx.Response]:
    """Make an attack that replaces Xero's id_token."""

    def carry_out(scene: Scene) -> httpx.Response:
        scene.forger.forge = forge
        return scene.bring(scene.go(scene.invited()).answer)

    return carry_out


def _signed_with(key: RSAKey | OctKey, algorithm: str) -> Forge:
    return lambda claims: jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm])


ATTACKS = (
    Attack(
        "Wrong state",
        "an answer with a state that was never issued",
        "ASVS 10.2.1 · RFC 9700 §4.7.1",
        FOREIGN,
        _wrong_state,
    ),
    Attack("Missing state", "an answer without a state", "ASVS 10.2.1 · RFC 9700 §4.7.1", FOREIGN, _missing_state),
    Attack(
        "Replayed state",
        "an answer that was already used, with a copy of the browser's cookie",
        "ASVS 10.1.2 · RFC 9700 §4.2.4",
        OVER,
        _replayed_state,
    ),
    Attack("Expired state", "an answer after the link expired", "ASVS 10.1.2 · RFC 9700 §4.7.1", OVER, _expired_state),
    Attack(
        "Voided state",
        "the answer to a first login after the link was opened again",
        "ASVS 10.1.2 · RFC 9700 §4.7.1",
        FOREIGN,
        _voided_state,
    ),
    Attack(
        "Foreign state",
        "the attacker's own answer, brought by the administrator's browser",
        "ASVS 10.1.2, 10.2.1 · RFC 9700 §4.7",
        FOREIGN,
        _foreign_state,
    ),
    Attack(
        "Code replay",
        "a code that was already redeemed, with a fresh state",
        "ASVS 10.1.2, 10.4.2 · RFC 9700 §4.5",
        SPENT,
        _code_replay,
    ),
    Attack(
        "Code injection",
        "a code stolen from another person's login, with a fresh state",
        "ASVS 10.1.2 · RFC 9700 §4.5",
        SPENT,
        _code_injection,
    ),
    Attack(
        "Verifier reuse",
        "the code of a first login with the state of the second, in the hope that both have one PKCE verifier",
        "ASVS 10.1.2 · RFC 9700 §2.1.1",
        SPENT,
        _verifier_reuse,
    ),
    Attack(
        "Replaced challenge",
        "the attacker's own PKCE challenge in the request to Xero",
        "ASVS 10.1.2, 10.4.6 · RFC 9700 §4.5",
        SPENT,
        _challenge_of_the_attacker,
    ),
    Attack(
        "Mixed-up issuer",
        "an answer that names another issuer (`iss`, RFC 9207)",
        "ASVS 10.2.2 · RFC 9700 §4.4",
        UNPROVEN,
        _mixed_up_issuer,
        CallbackReason.ISSUER,
    ),
    Attack(
        "Token of another issuer",
        "an id_token that names another issuer",
        "ASVS 10.2.2 · RFC 9700 §4.4",
        UNPROVEN,
        _forged(lambda claims: sign(claims | {"iss": ATTACKERS_ISSUER})),
        CallbackReason.ISSUER,
    ),
    Attack(
        "Wrong nonce",
        "an id_token of another login",
        "ASVS 10.5.1 · RFC 9700 §2.1.1",
        UNPROVEN,
        _forged(lambda claims: sign(claims | {"nonce": "of-another-way"})),
        CallbackReason.NONCE,
    ),
    Attack(
        "Missing nonce",
        "an id_token without a nonce",
        "ASVS 10.5.1 · RFC 9700 §2.1.1",
        UNPROVEN,
        _forged(lambda claims: sign({name: value for name, value in claims.items() if name != "nonce"})),
        CallbackReason.NONCE,
    ),
    Attack(
        "Wrong audience",
        "an id_token made for another app",
        "ASVS 10.5.4 · OpenID Connect Core §3.1.3.7",
        UNPROVEN,
        _forged(lambda claims: sign(claims | {"aud": "ANOTHER-APP"})),
        CallbackReason.AUDIENCE,
    ),
    Attack(
        "Wrong signature",
        "an id_token signed by the attacker",
        "ASVS 9.1.1, 9.1.3 · OpenID Connect Core §3.1.3.7",
        UNPROVEN,
        _forged(_signed_with(ATTACKERS_KEY, "RS256")),
        CallbackReason.SIGNATURE,
    ),
    Attack(
        "No signature",
        "an id_token with the algorithm “none”",
        "ASVS 9.1.2 · OpenID Connect Core §3.1.3.7",
        UNPROVEN,
        _forged(unsigned),
        CallbackReason.SIGNATURE,
    ),
    Attack(
        "Confused key",
        "an id_token signed with the client secret as an HMAC key",
        "ASVS 9.1.2 · OpenID Connect Core §3.1.3.7",
        UNPROVEN,
        _forged(_signed_with(OctKey.import_key(CLIENT_SECRET), "HS256")),
        CallbackReason.SIGNATURE,
    ),
    Attack(
        "Wrong redirect",
        "the attacker's own redirect address in the request to Xero",
        "ASVS 10.4.1 · RFC 9700 §4.1",
        AT_XERO,
        _unregistered_redirect,
    ),
    Attack(
        "Another registered redirect",
        "a code issued to another address of the same app",
        "ASVS 10.1.2 · RFC 9700 §4.5",
        SPENT,
        _other_redirect,
    ),
)


def _refusal(attack: Attack) -> str:
    return f"{attack.refused} ({attack.finding.value})" if attack.finding else attack.refused


def report() -> str:
    """Write the table of attacks, in Markdown."""
    return written(
        "Attacks on the callback",
        [
            "`tests/console/callbacks` carries out each attack on the real console and the sandbox's identity server.",
            "Each is refused, and the database stays the same, except for the log of attempts.",
            "ASVS is OWASP's Application Security Verification Standard 5.0.",
        ],
        ["Attack", "The attacker brings", "Item", "Refused with"],
        [(one.name, one.how, one.reference, _refusal(one)) for one in ATTACKS],
    )


if __name__ == "__main__":
    REPORT.write_text(report(), encoding="utf-8")
