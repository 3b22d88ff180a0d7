package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the digests of script and style into the page")

// The policy of the page names the digests of its script and style, and opens
// nothing else; nothing in the page leads out of it or makes markup of text.
func TestPolicy(t *testing.T) {
	text := page
	for _, tag := range []string{"script", "style"} {
		inside := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllSubmatch(text, -1)
		if len(inside) != 1 {
			t.Fatalf("%d elements %s", len(inside), tag)
		}
		sum := sha256.Sum256(inside[0][1])
		want := []byte(tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
		text = regexp.MustCompile(tag+`-src '[^']*'`).ReplaceAll(text, want)
	}
	if *update {
		if err := os.WriteFile("verify.html", text, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(text, page) {
		t.Error("the policy does not name the digests of script and style: go test ./internal/verify/web -update")
	}
	if !bytes.Contains(page, []byte(`content="default-src 'none'; script-src 'sha256-`)) {
		t.Error("the policy does not begin with default-src 'none'")
	}
	for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "http://", "src=", "href=", "fetch(", "XMLHttpRequest", "WebSocket", "localStorage", "unsafe-"} {
		if strings.Contains(string(page), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

// The steps of the page are those of docs/bundle.md, in their order.
func TestSteps(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/bundle.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "const checks = [")
	list, _, _ = strings.Cut(list, "];")
	var mine, theirs []string
	for _, m := range regexp.MustCompile(`\['([a-z]+)',`).FindAllStringSubmatch(list, -1) {
		mine = append(mine, m[1])
	}
	for _, m := range regexp.MustCompile("(?m)^\\| [0-9]+ `([a-z]+)` \\|").FindAllStringSubmatch(string(doc), -1) {
		theirs = append(theirs, m[1])
	}
	if got, want := strings.Join(mine, " "), strings.Join(theirs, " "); got+" recompute" != want {
		t.Errorf("the page has the steps %s, the document %s", got, want)
	}
}
