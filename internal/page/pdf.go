package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"probity"
)

// ErrNoBrowser is the error of PDF where no browser is installed that can print.
var ErrNoBrowser = errors.New("no Chromium was found: install one (Debian: apt-get install chromium), or print report.html from any browser, which gives the same pages")

// browsers are the programs that print, by the names that systems give them.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"}

// Browser returns the path of the first browser that can print, or ErrNoBrowser.
func Browser() (string, error) {
	for _, name := range browsers {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", ErrNoBrowser
}

// PDF prints the page with the browser that is installed, whose name is
// Browser's unless another is given. The browser gets a profile and a folder of
// its own that are gone afterwards, and no network: the page fetches nothing.
// Two prints of one review hold the same pages, but not the same bytes, because
// the browser enters the time.
func PDF(ctx context.Context, r *probity.Review, o Options, browser string) ([]byte, error) {
	if browser == "" {
		var err error
		if browser, err = Browser(); err != nil {
			return nil, err
		}
	}
	if o.Paper == "" {
		o.Paper = Papers[0]
	}
	dir, err := os.MkdirTemp("", "probity-page-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var page bytes.Buffer
	if err := HTML(&page, r, o); err != nil {
		return nil, err
	}
	in, out := filepath.Join(dir, "report.html"), filepath.Join(dir, "report.pdf")
	if err := os.WriteFile(in, page.Bytes(), 0o600); err != nil {
		return nil, err
	}
	args := append(quiet(filepath.Join(dir, "profile")), "--no-pdf-header-footer", "--generate-pdf-document-outline", "--print-to-pdf="+out, (&url.URL{Scheme: "file", Path: in}).String())
	cmd := exec.CommandContext(ctx, browser, args...)
	said, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	pdf, readErr := os.ReadFile(out)
	if err = errors.Join(err, readErr); err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		return nil, fmt.Errorf("printing with %s: %w; it said: %s", browser, errors.Join(err, errors.New("no PDF came out")), lastLines(said))
	}
	return pdf, nil
}

// quiet are the arguments of a browser that shows nothing, speaks to nobody and
// keeps its things in a profile. A container seldom lets it make a sandbox of
// its own; the page is ours, and its policy lets nothing run but its script.
func quiet(profile string) []string {
	return []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + profile}
}

// lastLines keeps the end of what a program said.
func lastLines(said []byte) string {
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	return probity.Plain(strings.Join(lines[max(0, len(lines)-3):], " | "))
}
