"""A workload for tests: ends badly, at the place and in the way it is told."""

from unruly.orders import obey

obey("package")
