package page

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func chromium(t *testing.T) string {
	t.Helper()
	b, err := Browser()
	if err != nil {
		t.Skip(err)
	}
	return b
}

// The page is printed on the paper that is asked for.
func TestPDF(t *testing.T) {
	b := chromium(t)
	for paper, box := range map[string]string{"A4": "/MediaBox [0 0 594.95996 841.91998]", "letter": "/MediaBox [0 0 612 792]"} {
		pdf, err := PDF(context.Background(), empty(), Options{Paper: paper}, b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(pdf, []byte(box)) {
			t.Errorf("%s: no page has its size", paper)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "probity-page-*")); len(left) > 0 {
		t.Logf("folders of other prints, or left behind: %v", left)
	}
}

// Where no browser is, the error says what to do; where one fails, what it said.
func TestPDFWithoutBrowser(t *testing.T) {
	if _, err := PDF(context.Background(), empty(), Options{Paper: "A3"}, "true"); err == nil || !strings.Contains(err.Error(), "A4, letter") {
		t.Errorf("a paper that is not known: %v", err)
	}
	broken := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho cannot open display\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := PDF(context.Background(), empty(), Options{}, broken); err == nil || !strings.Contains(err.Error(), "cannot open display") || !strings.Contains(err.Error(), broken) {
		t.Errorf("a browser that fails: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := PDF(context.Background(), empty(), Options{}, ""); err == nil || !strings.Contains(err.Error(), "apt-get install chromium") {
		t.Skip("a browser stands at a fixed place") // as on macOS
	}
	stop, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := PDF(stop, empty(), Options{}, broken); err == nil {
		t.Error("a print that was interrupted gave a PDF")
	}
}
