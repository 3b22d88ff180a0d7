// Package catalog embeds what a reviewer may read and amend without Go: the
// SQL of the measures, of coverage, of the rules and of the indicators, and the retention facts.
package catalog

import "embed"

// Files holds the catalogue's files by their path below this folder.
//
//go:embed records.yaml *.sql quantities/*.sql coverage/*.sql rules/*.yml indicators/*.sql
var Files embed.FS
