"""The scheduler: from what is, to what is to be done. Pure: a plan reads nothing but its arguments and changes nothing.

Each module plans one field of work and holds the values its plans are made of; the parts in ``dispatcher.service.work``
make the views and carry the plans out.
"""
