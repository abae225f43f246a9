"""The core's tables, made for a test."""

from api.db import Base, Store


def create(store: Store) -> None:
    """Make all tables of the core."""
    import_all()
    Base.metadata.create_all(store.bind)


def import_all() -> None:
    """Import every feature's models, so that the metadata is whole."""
    from importlib import import_module
    from pathlib import Path

    import api

    for path in sorted(Path(api.__path__[0]).glob("*/models.py")):
        import_module(f"api.{path.parent.name}.models")
