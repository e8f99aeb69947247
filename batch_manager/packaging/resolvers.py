"""Chooses between the resolvers."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from batch_manager.packaging.index_settings import pip_settings, uv_environment
from batch_manager.packaging.pip_resolver import PipResolver
from batch_manager.packaging.resolver import Resolver, no_tool
from batch_manager.packaging.uv_resolver import UvResolver, find_uv


def find_resolver(environ: Mapping[str, str]) -> Resolver:
    """uv if there is one, or else this Python's pip.

    Raises:
        ConfigurationError: there is neither.
    """
    program = find_uv()
    if program is not None:
        return UvResolver(program, uv_environment(environ, pip_settings(environ)))
    if importlib.util.find_spec("pip") is not None:
        return PipResolver(environ)
    raise no_tool("neither uv nor pip is here to bring the dependencies")
