"""``python -m batch_manager.cli``."""

from batch_manager.cli.main import main

main()
