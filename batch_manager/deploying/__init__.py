"""Brings application packages into accounts: uploads and activates them, promotes them from one account to another,
changes which version is the default, tells what uses them.

Every step may be made twice. A version that is active never changes: its content is known by its hash, which is kept
beside it, so that a second deployment of the same finds nothing to do and one of something else is refused.
"""

from batch_manager.deploying.advice import advise
from batch_manager.deploying.defaults import DefaultChange, make_default, roll_back
from batch_manager.deploying.deployments import Deployment, deploy_package
from batch_manager.deploying.environments import (
    PROJECT_FILE,
    Environment,
    find_environment,
    read_environments,
)
from batch_manager.deploying.inventory import Inventory, Uses, read_uses, take_inventory
from batch_manager.deploying.package_files import PackageFile, parse_reference, read_package
from batch_manager.deploying.promoting import Promotion, plan_promotion, promote
from batch_manager.deploying.removing import Removal, remove_version

__all__ = [
    "PROJECT_FILE",
    "DefaultChange",
    "Deployment",
    "Environment",
    "Inventory",
    "PackageFile",
    "Promotion",
    "Removal",
    "Uses",
    "advise",
    "deploy_package",
    "find_environment",
    "make_default",
    "parse_reference",
    "plan_promotion",
    "promote",
    "read_environments",
    "read_package",
    "read_uses",
    "remove_version",
    "roll_back",
    "take_inventory",
]
