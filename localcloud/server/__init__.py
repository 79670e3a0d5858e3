"""What runs inside the emulator's process.

Owns the CloudFormation resource types that MiniStack 1.5.33 lacks (`types`) and the mends of its
bugs (`mends`). Knows nothing of this project's stacks: everything here holds for any template.
"""
