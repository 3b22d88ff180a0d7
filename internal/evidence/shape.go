package evidence

import (
	"strings"
	"unicode"
)

// maxShape is the longest shape that is kept, in characters.
const maxShape = 256

// extensions are the kinds of file whose extension stays readable. Another
// extension could be a word of a person's name, so it does not.
var extensions = func() map[string]bool {
	m := map[string]bool{}
	for _, e := range strings.Fields(`
		3ga 3gp aac aif aiff alaw amr au awb caf dss flac g711 g722 g726 g729 gsm m4a mka mp2 mp3 oga ogg opus pcm raw sln spx ulaw vox wav weba wma
		avi m4v mkv mov mp4 mpeg mpg ts webm wmv
		bmp gif heic ico jpeg jpg png svg tif tiff webp
		7z bak br bz2 cab deb gz iso jar lz4 rar rpm tar tgz vhd vhdx vmdk war xz zip zst
		avro csv dat db json jsonl log md mdb ndjson orc parquet pb pcap pcapng sql sqlite tsv txt xml yaml yml
		doc docx eml epub html htm msg odt pdf pps ppt pptx rtf xls xlsx
		bin cer css dll exe js lock map pem py sh so tmp woff woff2`) {
		m[e] = true
	}
	return m
}()

// Shape returns the form of an object's name without its letters and digits:
// each digit becomes 9, each letter a, and the rest stays. The extension stays
// if it is a known kind of file; ext is that extension in lower case, else "".
//
//	calls/2025/991/0123-b.amr  ->  aaaaa/9999/999/9999-a.amr
func Shape(name string) (shape, ext string) {
	body := name
	if i := strings.LastIndexByte(name, '.'); i >= 0 && i > strings.LastIndexByte(name, '/') {
		if e := strings.ToLower(name[i+1:]); extensions[e] {
			body, ext = name[:i], e
		}
	}
	var b strings.Builder
	n := 0
	for _, r := range body {
		if n++; n > maxShape {
			break
		}
		switch {
		case unicode.IsDigit(r):
			b.WriteByte('9')
		case r < 0x80 && (unicode.IsPunct(r) || unicode.IsSymbol(r) || r == ' '):
			b.WriteRune(r)
		default:
			b.WriteByte('a')
		}
	}
	if ext != "" {
		b.WriteByte('.')
		b.WriteString(ext)
	}
	return b.String(), ext
}
