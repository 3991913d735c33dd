# What both bots have to have alike, made once: the key of the audit, and a token for each person of the company.
set -eu
umask 077
cd /secrets
if [ ! -s audit.key ]; then
  openssl genpkey -algorithm ed25519 -out audit.new
  mv audit.new audit.key
fi
if [ ! -s tokens.json ]; then
  python -c 'import json, secrets; print(json.dumps({p: secrets.token_urlsafe(24) for p in ("engineer", "lead", "sre", "analyst")}))' > tokens.new
  mv tokens.new tokens.json
fi
