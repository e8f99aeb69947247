"""Faults on purpose: what users test their workloads with. Off unless the service is told otherwise.

`catalogue` says what faults there are, `plan` decides which event meets one, `text` reads plans, `log` keeps what was
put in, and `injector` is what the rest of the service asks.
"""
