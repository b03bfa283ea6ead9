"""Other people's servers, resolvers and judges of DNS, on loopback for the time of a test, with configurations of its own.

None of them runs as a service of the machine, none asks anybody outside, and each ends with the test, even one that is killed.
"""
