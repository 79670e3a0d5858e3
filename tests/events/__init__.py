"""EventBridge: what is told of, what is not, and how it reads."""
