"""The reference pages, one module a page; each gives its Markdown from the types, so that pages cannot go stale."""
