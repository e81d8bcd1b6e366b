"""The bundle `policies/llm-catalog` against the package whose prices it holds."""
