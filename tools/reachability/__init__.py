"""Who reaches whom: network policies, security groups, routes and network ACLs together, from the templates alone.

Each layer is a module of its own (`network_policy`, `vpc_cni`, `security_groups`, `routing`, `acls`) and knows nothing
of the others; `landscape` finds who is there, `path` asks every layer. What ought to be is not here: that matrix is
the tests' (`tests/reachability/matrix.toml`).
"""
