"""Events as webhooks (Standard Webhooks)."""
