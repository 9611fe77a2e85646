"""How long tests wait for what has to happen, in seconds.

It only has to end what hangs: what takes a second has to pass, too, on a machine that is hundreds of times as busy.
"""
PATIENCE = 300
