"""`gslb import gdnsd`: a configuration of gdnsd 3.8 (gdnsd.config(5), gdnsd.zonefile(5), gdnsd-plugin-*(8)) to ours.

`vscf` reads its language, `zones` its zone files with their dynamic names, `plugins` what those names refer to, `maps` which
datacenters are whose, `checks` how they are monitored. `steering` makes sites and services of it, `options` the rest.
"""
