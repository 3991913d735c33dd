"""SQLite or PostgreSQL: tables, migrations, transactions, signals between workers."""
