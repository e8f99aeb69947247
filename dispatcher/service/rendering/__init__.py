"""Records as Batch's JSON bodies: the document the client sent, with what the service knows laid over it."""
