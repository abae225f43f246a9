"""Which of a channel's senders speaks: the first whose other side does not fail.

telegram:employers               a chat's sender is its bot: nobody speaks in its place
sms, sms:kavenegar, sms:smpp     a channel and perhaps a name: in the order that is set
"""

from collections.abc import Iterable, Mapping, Sequence

from api.notices.letters import Pause


def of(channel: str, senders: Iterable[str]) -> Sequence[str]:
    """Give those that speak for a whole channel, in their order; none for chats."""
    return [one for one in senders if one.partition(":")[0] == channel]


def divided(
    tries: Sequence[int], senders: Sequence[str], pauses: Mapping[str, Pause]
) -> Sequence[str]:
    """Say who speaks each of some letters, the most urgent first; `tries` is how often each failed.

    One whose other side has failed tries one of them when its pause is over: the least urgent finds
    out whether it is back, and none that has failed before. While all fail they wait for the one
    that is to be tried first. A wait that was told hands nothing to another.
    """
    failing = {
        one: pauses[one].seconds for one in senders if one in pauses and pauses[one].is_outage
    }
    well = next((one for one in senders if one not in failing), None)
    if well is None:
        return [min(senders, key=failing.__getitem__)] * len(tries)
    chosen = [well] * len(tries)
    fresh = [place for place, failed in enumerate(tries) if not failed]
    back = [one for one in senders[: senders.index(well)] if failing[one] <= 0]
    if fresh and back:
        chosen[fresh[-1]] = back[0]
    return chosen
