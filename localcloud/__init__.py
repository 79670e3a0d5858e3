"""AWS on one machine: the project's own supervisor around the emulator MiniStack.

Owns the emulator's life, the deployment of the project's stacks into it and the proof, through the
SDK, that they arrived. The stacks never know of it: the templates deployed here are byte for byte
those that AWS would get.
"""
