"""The worker's fields of work, a part for each: it makes the view its plan rests on, and carries the plan out.

``parts`` holds what they share. A new field is a module here with a `Part`, a module in ``dispatcher.service.planning``
for what it decides, and a line in `dispatcher.service.worker.Worker`.
"""
