"""The challenge's checker: scores what is deployed, on AWS or in the local cloud. It only reads (`drill` apart)."""
