// Package web is the page that checks a published answer in a browser: one file
// that needs no network and no server, with the same steps as internal/verify.
package web

import (
	"bytes"
	_ "embed"
)

//go:embed verify.html
var page []byte

// Page returns verify.html. Its policy allows this very script and style and
// nothing else (Content Security Policy, level 3).
func Page() []byte { return bytes.Clone(page) }
