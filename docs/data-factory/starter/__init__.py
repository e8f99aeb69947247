"""A small HTTP service that starts jobs for Azure Data Factory's WebHook activity; see the page beside this folder."""
