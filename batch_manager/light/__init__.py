"""One question to Batch, over the standard library: which tasks of a job did not succeed.

A task with parents asks it before the user's code, and Microsoft's client would take half a second to import. What is
not plain (other credentials, a proxy, an answer that is none) is left to that client: ``NotLightError``.
"""
