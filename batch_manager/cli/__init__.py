"""The command line: ``batch-manager``, or ``python -m batch_manager.cli``.

A command imports what it needs when it runs, so that ``--help`` costs no more than Typer does.
"""
