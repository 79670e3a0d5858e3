"""Mutation testing of the policies: break the synthesized templates one property at a time, and see who notices.

`operators` breaks, with the values of `careless`; `relevance` and `survivors` say what need not be noticed and why;
`trial` asks the packs.
"""
