"""The identity that the service stands in for: tokens as Microsoft Entra ID gives to a managed identity.

`authority` issues and checks tokens, `tokens` is their form, `endpoint` hands them out as Azure App Service does.
"""
