package page

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"probity"
)

var pages = flag.String("pages", "", "write the pages that the browser tests read to this folder")

// allPages are the pages that are looked at.
func allPages(t testing.TB) map[string]string {
	return map[string]string{"harbour": render(t, harbour(t), ""), "harbour.ar": render(t, harbour(t), "ar"), "empty": render(t, empty(), ""), "large": render(t, large(t), "")}
}

// The browser tests of web/report read pages that this writes.
func TestPages(t *testing.T) {
	if *pages == "" {
		t.Skip("no -pages folder")
	}
	for name, text := range allPages(t) {
		if err := os.WriteFile(filepath.Join(*pages, name+".html"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	pdf, err := PDF(context.Background(), harbour(t), Options{}, chromium(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pages, "harbour.pdf"), pdf, 0o666); err != nil {
		t.Fatal(err)
	}
}

// The first screens look as they did when somebody last looked at them. Fonts
// and the smoothing of edges differ from one machine to the next, so that what
// is compared is the mean of each square of 20 pixels.
func TestPictures(t *testing.T) {
	browser := chromium(t)
	all := map[string]*probity.Review{"harbour": harbour(t), "empty": empty(), "large": large(t)}
	for _, x := range []struct {
		name, review, lang string
		width, height      int
	}{
		{"harbour-phone", "harbour", "", 500, 1400}, // the narrowest window that Chromium opens without a device to imitate
		{"harbour-laptop", "harbour", "", 1280, 900},
		{"harbour-a4", "harbour", "", 794, 1123},
		{"harbour-ar", "harbour", "ar", 1280, 900},
		{"empty-laptop", "empty", "", 1280, 900},
		{"large-laptop", "large", "", 1280, 900},
	} {
		got := shoot(t, browser, render(t, all[x.review], x.lang), x.width, x.height)
		file := filepath.Join("testdata", "picture", x.name+".png")
		if *update {
			if err := os.WriteFile(file, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := alike(t, want, got); err != nil {
			odd := filepath.Join(os.TempDir(), "probity-"+x.name+".png")
			_ = os.WriteFile(odd, got, 0o666)
			t.Errorf("%s: %v: look at %s, and run go test ./internal/page -update if this is meant", file, err, odd)
		}
	}
}

// shoot takes a picture of a page.
func shoot(t *testing.T, browser, text string, width, height int) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.png")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	args := append(quiet(filepath.Join(dir, "profile")), "--hide-scrollbars", "--force-device-scale-factor=1", fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+out, "file://"+in)
	if said, err := exec.CommandContext(ctx, browser, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, lastLines(said))
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// alike compares two pictures square by square.
func alike(t *testing.T, want, got []byte) error {
	t.Helper()
	a, b := squares(t, want), squares(t, got)
	if len(a) != len(b) {
		return fmt.Errorf("the size differs")
	}
	total, far := 0.0, 0
	for i := range a {
		d := max(a[i]-b[i], b[i]-a[i])
		total += d
		if d > 40 {
			far++
		}
	}
	if mean := total / float64(len(a)); mean > 6 || far > len(a)/25 {
		return fmt.Errorf("squares differ by %.1f of 255 in the mean, %d of %d by more than 40", mean, far, len(a))
	}
	return nil
}

func squares(t *testing.T, data []byte) []float64 {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	const side = 20
	var out []float64
	for box := img.Bounds(); box.Min.Y < box.Max.Y; box.Min.Y += side {
		for x := box.Min.X; x < box.Max.X; x += side {
			out = append(out, brightness(img, image.Rect(x, box.Min.Y, min(x+side, box.Max.X), min(box.Min.Y+side, box.Max.Y))))
		}
	}
	return out
}

func brightness(img image.Image, r image.Rectangle) float64 {
	sum := 0.0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			sum += float64(red>>8)*0.3 + float64(green>>8)*0.59 + float64(blue>>8)*0.11
		}
	}
	return sum / float64(r.Dx()*r.Dy())
}

// The comparison sees a picture that is not the same.
func TestAlikeSees(t *testing.T) {
	draw := func(bar int) []byte {
		img := image.NewGray(image.Rect(0, 0, 400, 400))
		for i := range img.Pix {
			img.Pix[i] = 255
		}
		for y := bar; y < bar+60; y++ {
			for x := range 400 {
				img.Pix[y*400+x] = 0
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if err := alike(t, draw(100), draw(100)); err != nil {
		t.Error(err)
	}
	if alike(t, draw(100), draw(160)) == nil {
		t.Error("a bar elsewhere was not seen")
	}
}
