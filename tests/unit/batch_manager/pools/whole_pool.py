"""A pool file with everything that can stand in one, and one with as little as possible."""

from __future__ import annotations

from typing import Any

IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"


def small_pool(**more: Any) -> dict[str, Any]:
    """A pool with what is needed, and more."""
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    return {"id": "small", "vm_size": "Standard_D2s_v3", "image": image, **more}


def whole_pool(secret: str = "secret") -> dict[str, Any]:
    """A Linux pool with everything.

    Args:
        secret: the file with the secret of whatever needs one.
    """
    return {
        "id": "whole",
        "display_name": "All of it",
        "vm_size": "Standard_D8s_v5",
        "image": {"id": "/subscriptions/s/galleries/g/images/i", "node_agent": "batch.node.ubuntu 24.04"},
        "autoscale": {"name": "ramp_up", "parameters": {"max_nodes": 8, "step": 2, "window": "10m"}, "interval": "5m"},
        "task_slots_per_node": 8,
        "task_fill": "pack",
        "inter_node_communication": True,
        "start_task": {
            "command": "/bin/sh -c 'true'",
            "environment": {"elevationLevel": "admin"},
            "files": [
                {"url": "https://x.blob.core.windows.net/c/f", "path": "f", "mode": "0755", "identity": IDENTITY},
                {"container_url": "https://x.blob.core.windows.net/c", "prefix": "a/", "path": "d"},
                {"auto_container": "inputs"},
            ],
            "wait": False,
            "retries": -1,
            "run_as": {"user": "worker"},
            "container": {"image": "r.example/x:1", "options": "--rm"},
        },
        "packages": ["water_network:1.2.0", "tools"],
        "mounts": [
            {"path": "b", "blob": {"account": "abc", "container": "c", "identity": IDENTITY, "options": "-o ro"}},
            {"path": "k", "blob": {"account": "abc", "container": "c", "key_file": secret}},
            {"path": "t", "blob": {"account": "abc", "container": "c", "sas_file": secret}},
            {"path": "n", "nfs": {"source": "10.0.0.4:/e", "options": "-o vers=4"}},
            {
                "path": "s",
                "share": {"account": "abc", "url": "https://abc.file.core.windows.net/s", "key_file": secret},
            },
            {"path": "c", "cifs": {"user": "u", "source": "//h/s", "password_file": secret, "options": "-o a"}},
        ],
        "containers": {
            "type": "docker",
            "images": ["r.example/x:1"],
            "registries": [
                {"server": "r.example", "identity": IDENTITY},
                {"server": "q.example", "user": "u", "password_file": secret},
            ],
        },
        "network": {
            "subnet": "/subscriptions/s/subnets/n",
            "public_ip": "user",
            "public_ip_ids": ["/subscriptions/s/ip"],
        },
        "identities": [IDENTITY],
        "users": [
            {
                "name": "worker",
                "password_file": secret,
                "admin": True,
                "uid": 9,
                "gid": 9,
                "ssh_private_key_file": secret,
            }
        ],
        "os_disk": {"size_gb": 64, "caching": "readonly", "storage": "premium_lrs", "ephemeral": True},
        "owner": "anna",
        "tags": {"project": "leakage"},
        "metadata": {"cost": "42"},
    }
