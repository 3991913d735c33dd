"""One outside system a file or folder: what a vendor says becomes what a port promises."""
