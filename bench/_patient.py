"""A core that waits for its gateway for minutes, not for eight seconds; else it is the real one.

Two cores begin some hundred payments a second: within eight seconds a thousand payers would never
all wait at once, and the first would be leaving while the last press.
"""

from pydantic import SecretStr

from api import app
from api.commands import troubles
from api.payments import gateway, zarinpal
from api.payments.gateway import Gateway
from api.settings import Settings

SECONDS = 100.0


def _of(settings: Settings) -> Gateway:
    merchant: SecretStr = settings.zarinpal_merchant
    return zarinpal.ZarinPal(settings.zarinpal_root, merchant, seconds=SECONDS)


if __name__ == "__main__":
    gateway.of = _of
    app.serve(troubles.settings())
