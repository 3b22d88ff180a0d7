package report

import (
	"io"

	"probity"
	"probity/internal/page"
)

// HTML writes the review as one page in English. internal/page has its other
// languages, and writes it for paper.
func HTML(w io.Writer, r *probity.Review) error { return page.HTML(w, r, page.Options{}) }
