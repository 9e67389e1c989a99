"""The shapes of each API's requests and answers, as pydantic models: what is checked, and what /openapi.json says."""
