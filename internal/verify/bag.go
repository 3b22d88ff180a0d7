package verify

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Bagit is the file bagit.txt of a bag (BagIt 1.0, RFC 8493).
const Bagit = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// bag checks that every file is listed with its digest, and none is missing.
func (b *bundle) bag() (string, error) {
	if text, err := b.read("bagit.txt"); err != nil || string(text) != Bagit {
		return "", fmt.Errorf("bagit.txt is not that of a bag of version 1.0")
	}
	payload, err := b.manifest("manifest-sha256.txt")
	if err != nil {
		return "", err
	}
	tags, err := b.manifest("tagmanifest-sha256.txt")
	if err != nil {
		return "", err
	}
	files, bytes := 0, int64(0)
	payloadFiles, payloadBytes := 0, int64(0)
	err = fs.WalkDir(b.fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || p == "tagmanifest-sha256.txt" {
			return err
		}
		list := tags
		if strings.HasPrefix(p, "data/") {
			list = payload
		}
		want, ok := list[p]
		if !ok {
			return fmt.Errorf("%s is in no manifest", p)
		}
		delete(list, p)
		got, n, err := b.sum(p)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%s is not what the manifest says", p)
		}
		files, bytes = files+1, bytes+n
		if strings.HasPrefix(p, "data/") {
			payloadFiles, payloadBytes = payloadFiles+1, payloadBytes+n
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, list := range []map[string]string{payload, tags} {
		for p := range list {
			return "", fmt.Errorf("%s is missing", p)
		}
	}
	if err := b.oxum(payloadFiles, payloadBytes); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d files, %d bytes, each as the manifest has it", files, bytes), nil
}

// oxum compares the Payload-Oxum of bag-info.txt, if there is one, with what is
// there: RFC 8493, section 2.2.2.
func (b *bundle) oxum(files int, bytes int64) error {
	data, err := b.read("bag-info.txt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		says, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "Payload-Oxum: ")
		if want := fmt.Sprintf("%d.%d", bytes, files); is && says != want {
			return fmt.Errorf("bag-info.txt says Payload-Oxum %q, and it is %s", says, want)
		}
	}
	return nil
}

func (b *bundle) manifest(name string) (map[string]string, error) {
	data, err := b.read(name)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		sum, p, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if _, twice := out[p]; !ok || twice || len(sum) != 64 || !fs.ValidPath(p) {
			return nil, fmt.Errorf("%s: the line %q is no digest and file, or stands twice", name, strings.TrimSpace(line))
		}
		out[p] = sum
	}
	return out, nil
}

func (b *bundle) sum(name string) (string, int64, error) {
	f, err := b.fsys.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	if i, err := f.Stat(); err != nil || !i.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%s is no file", name)
	}
	h := sha256.New()
	n, err := io.Copy(h, bufio.NewReader(f))
	return hex.EncodeToString(h.Sum(nil)), n, err
}
