"""The shop over HTTP. Its contract is API.md; the rooms below say what goes in and out, and call the domain."""
