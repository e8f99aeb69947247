"""Makes an application package of a workload: a zip with its code, its locked dependencies and a start script::

    start.sh, start.cmd     find a Python and run it with ``site`` on its path
    package.json            what it is: ``manifest.Manifest``
    site/                   the workload's package, the framework, what both depend on

The same files make the same zip, byte for byte, wherever and whenever it is made.
"""
