"""Several sentences as one, a line each."""

from api.kit.language import Private, Sentence


def lines(*said: Sentence | Private | str | None) -> Sentence:
    """Put sentences, or texts as they are, under one another; None is left out.

    The outcome has holes only, so there is nothing in it to translate.
    """
    kept = {f"line{number}": one for number, one in enumerate(said) if one is not None}
    return Sentence("\n".join(f"{{{name}}}" for name in kept), kept)
