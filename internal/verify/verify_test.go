package verify

import (
	"testing"
	"testing/fstest"
)

// Whatever stands in the files of a bundle, no step passes that has no ground,
// and nothing ends the program.
func FuzzRun(f *testing.F) {
	f.Add([]byte("0000000000000000000000000000000000000000000000000000000000000000  data/bundle.json\n"), []byte(`{"probity_bundle":1,"case":"t","origin":"t"}`), []byte(`{"probity":1,"case":"t"}`), []byte("t\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— t AAAA\n"))
	f.Add([]byte("x"), []byte(`{}`), []byte(`{"claims":[{"finding":"supported"}]}`), []byte(""))
	f.Fuzz(func(t *testing.T, manifest, index, review, checkpoint []byte) {
		steps := Run(fstest.MapFS{
			"bagit.txt": {Data: []byte(Bagit)}, "manifest-sha256.txt": {Data: manifest}, "tagmanifest-sha256.txt": {Data: manifest},
			"data/bundle.json": {Data: index}, "data/review.json": {Data: review}, "data/disclosures.json": {Data: []byte("[]")},
			"data/ledger/checkpoint": {Data: checkpoint}, "data/ledger/log.vkey": {Data: []byte("t+00000000+AAAA\n")},
		}, Options{})
		for _, s := range steps {
			if (s.Name == "bag" || s.Name == "ledger" || s.Name == "signatures") && !s.Failed {
				t.Errorf("%s passed: %s", s.Name, s.Says)
			}
		}
	})
}
