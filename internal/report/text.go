package report

import (
	"io"

	"probity"
)

type TextOptions struct {
	Width int
	Color bool
}

func Text(w io.Writer, r *probity.Review, opts TextOptions) error { return nil }
func HTML(w io.Writer, r *probity.Review) error                   { return nil }
