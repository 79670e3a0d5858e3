"""What a copy of the stage left behind in an account: found by tag, told apart from all others', removed on request.

The rooms: `whose` (the rules; start here), `account` (what there is), `kinds` (the shape of a kind), `table` (the
kinds, and what goes before what), `steps` (what takes more than one call), `findings`, `removal`, `report`.
"""
