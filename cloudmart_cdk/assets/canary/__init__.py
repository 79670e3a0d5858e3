"""The synthetic customer: what runs in CloudWatch Synthetics."""
