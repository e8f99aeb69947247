"""Request bodies, checked: JSON in, typed frozen values out, or Azure's refusal."""
