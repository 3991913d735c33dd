# A bot among several: signs people in by the tokens that all of them have.
set -eu
BIZAIOPS_TOKENS=$(cat /secrets/tokens.json)
export BIZAIOPS_TOKENS
exec bizaiops serve
