"""The course's tools: what a session left behind, the guides rehearsed, the challenge graded."""
