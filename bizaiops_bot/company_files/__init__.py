"""A company as its owners keep it in files: one folder, read strictly, every mistake with its file and line."""
