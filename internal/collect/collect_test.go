package collect

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
)

func bucketOf(t *testing.T, files map[string]string) *blob.Bucket {
	t.Helper()
	b := memblob.OpenBucket(nil)
	t.Cleanup(func() { b.Close() })
	for k, v := range files {
		if err := b.WriteAll(context.Background(), k, []byte(v), nil); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func contents(t *testing.T, dir string, list []Object) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, o := range list {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(o.File)))
		if err != nil {
			t.Fatal(err)
		}
		out[o.Key] = string(data)
		if int64(len(data)) != o.Bytes || o.Origin.ETag == "" && o.Origin.MD5 == "" {
			t.Errorf("%+v", o)
		}
	}
	return out
}

// Every object below the prefix is copied, whatever its name, and only once.
func TestFetch(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	odd := strings.Repeat("x", 900) + "/../\x01 \"é\"?.gz"
	b := bucketOf(t, map[string]string{"logs/a.json": "one", "logs/sub/b.json": "two", "logs/" + odd: "three", "logs/empty": "", "other/c": "no"})
	list, err := fetch(ctx, b, "mem://b/logs", "logs/", Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	got := contents(t, dir, list)
	if len(got) != 4 || got["a.json"] != "one" || got["sub/b.json"] != "two" || got[odd] != "three" {
		t.Errorf("%q", got)
	}
	// A second run reads nothing again: it would notice that the copies changed.
	for _, o := range list {
		if o.Key == "a.json" {
			if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(o.File)), []byte("ONE"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	// An object that changed is copied again, and the old copy stays nowhere.
	if err := b.WriteAll(ctx, "logs/sub/b.json", []byte("two, changed"), nil); err != nil {
		t.Fatal(err)
	}
	if list, err = fetch(ctx, b, "mem://b/logs", "logs/", Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, dir, list); got["a.json"] != "ONE" || got["sub/b.json"] != "two, changed" {
		t.Errorf("%q", got)
	}
	known, err := Copied(dir)
	if err != nil || len(known) != 4 {
		t.Errorf("%d known, %v", len(known), err)
	}
	if _, err := fetch(ctx, b, "mem://b/none", "none/", Options{Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "nothing lies there") {
		t.Errorf("an empty prefix: %v", err)
	}
}

// A copy that was interrupted goes on where it stopped; one of another version
// of the object begins anew.
func TestResume(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	text := strings.Repeat("0123456789", 100_000)
	b := bucketOf(t, map[string]string{"big": text})
	ctx2, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := fetch(ctx2, b, "mem://b", "", Options{Dir: dir}); err == nil {
		t.Fatal("an interrupted run succeeded")
	}
	list, err := fetch(ctx, b, "mem://b", "", Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, filepath.FromSlash(list[0].File))
	for name, half := range map[string]string{"half": text[:500_000], "too much": text + "x", "damaged": "x" + text[1:500_000]} {
		os.Remove(at)
		os.Remove(filepath.Join(dir, Index))
		parts, _ := filepath.Glob(at + "*.part")
		if len(parts) > 0 {
			t.Errorf("%v is left", parts)
		}
		if err := os.WriteFile(at+partOf(list[0]), []byte(half), 0o666); err != nil {
			t.Fatal(err)
		}
		list2, err := fetch(ctx, b, "mem://b", "", Options{Dir: dir})
		if name == "damaged" { // the MD5 does not fit: it is thrown away, and the next run begins anew
			if err == nil || !strings.Contains(err.Error(), "run again") {
				t.Errorf("%s: %v", name, err)
			}
			list2, err = fetch(ctx, b, "mem://b", "", Options{Dir: dir})
		}
		if err != nil {
			t.Fatal(name, err)
		}
		if got := contents(t, dir, list2); got["big"] != text {
			t.Errorf("%s: %d bytes", name, len(got["big"]))
		}
	}
}

// An index that was cut off costs the line that was cut.
func TestIndexCutOff(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	files := map[string]string{}
	for i := range 20 {
		files[fmt.Sprint("k", i)] = fmt.Sprint("v", i)
	}
	b := bucketOf(t, files)
	if _, err := fetch(ctx, b, "mem://b", "", Options{Dir: dir, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(dir, Index)
	data, _ := os.ReadFile(p)
	for n := 0; n < len(data); n += 97 {
		if err := os.WriteFile(p, data[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		list, err := fetch(ctx, b, "mem://b", "", Options{Dir: dir})
		if err != nil || len(list) != 20 {
			t.Fatalf("cut at %d: %d objects, %v", n, len(list), err)
		}
		again, _ := os.ReadFile(p)
		if bytes.Count(again, []byte("full_key")) < 20 {
			t.Errorf("cut at %d: the index is not whole", n)
		}
	}
}
