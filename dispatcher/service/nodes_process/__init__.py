"""The process that runs an account's nodes, beside that of the service, and the two ends of what they say."""
