"""Commands that the parameters say, for tests of how jobs are looked at."""
