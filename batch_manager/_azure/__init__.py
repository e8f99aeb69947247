"""The wall: the only place that imports ``azure.*``. Imported by ``factory`` alone, when a client is first used."""
