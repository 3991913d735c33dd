"""Short sentences about what is open here, without its name: "since when?", "who else could?", "ok, seen enough"."""
