"""Scripts for boot loaders, `/~boot/NAME.sh` and the like, and what their clients measured, `/~measured`."""
