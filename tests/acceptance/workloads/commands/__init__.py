"""Plain commands, one of which the parameter ``first`` says."""
