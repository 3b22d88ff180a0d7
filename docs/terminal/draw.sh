#!/bin/sh
# Draws docs/terminal/review.svg anew from a review of the example.
set -eu
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
go run ./cmd/probity review examples/harbour --out "$tmp/out" --key "$tmp/key" --json 2>/dev/null |
	go run ./docs/terminal -width 100 -until Discrepancies >"$tmp/review.svg"
mv "$tmp/review.svg" docs/terminal/review.svg
