"""A package that cannot be imported."""

print(nothing)  # type: ignore[name-defined]  # noqa: F821 - what it is there for
