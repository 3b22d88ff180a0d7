package evidence

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
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
	b, ext := AppendShape(nil, []byte(name))
	return string(b), ext
}

// AppendShape appends the shape of a name to b.
func AppendShape(b, name []byte) (shape []byte, ext string) {
	body := name
	if i := bytes.LastIndexByte(name, '.'); i >= 0 && i > bytes.LastIndexByte(name, '/') && len(name)-i <= 9 {
		var low [8]byte
		e := bytes.ToLower(low[:copy(low[:], name[i+1:])])
		if extensions[string(e)] {
			body, ext = name[:i], string(e)
		}
	}
	n := 0
	for i := 0; i < len(body); {
		if n++; n > maxShape {
			break
		}
		c := body[i]
		if c < utf8.RuneSelf {
			b = append(b, shapes[c])
			i++
			continue
		}
		r, size := utf8.DecodeRune(body[i:])
		if unicode.IsDigit(r) {
			b = append(b, '9')
		} else {
			b = append(b, 'a')
		}
		i += size
	}
	if ext != "" {
		b = append(append(b, '.'), ext...)
	}
	return b, ext
}

// shapes is what each ASCII character becomes.
var shapes = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch r := rune(c); {
		case unicode.IsDigit(r):
			t[c] = '9'
		case unicode.IsPunct(r) || unicode.IsSymbol(r) || r == ' ':
			t[c] = byte(c)
		default:
			t[c] = 'a'
		}
	}
	return t
}()
