package plan

import (
	"os"
	"path/filepath"
	"testing"

	"probity"
)

// The digest of a folder of rules follows every file that is read as a rule, and
// nothing else.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c := &probity.Case{Dir: dir, Rules: []string{"mine"}}
	sum := func() string {
		t.Helper()
		list, err := Folders(c)
		if err != nil || len(list) != 1 || list[0].ID != "rules/1" {
			t.Fatal(list, err)
		}
		return list[0].SHA256
	}
	if _, err := Folders(c); err == nil {
		t.Error("a folder that is not there was sealed")
	}
	write("mine/a.yml", "title: a\n")
	write("mine/deep/b.yaml", "title: b\n")
	was := sum()
	write("mine/.git/c.yml", "title: c\n")
	write("mine/README.md", "text")
	if sum() != was {
		t.Error("what is no rule counts")
	}
	write("mine/deep/b.yaml", "title: B\n")
	changed := sum()
	if changed == was {
		t.Error("a changed rule does not count")
	}
	write("mine/d.yml", "title: d\n")
	if sum() == changed {
		t.Error("an added rule does not count")
	}
	sealed := []Rule{{"rules/1", was}}
	if r := FoldersAsTold(c, probity.PlanStanding{}, sealed); r[0].SHA256 != was {
		t.Errorf("as sealed: %+v", r)
	}
	if r := FoldersAsTold(c, probity.PlanStanding{NotAsSealed: []probity.RuleNow{{Rule: "rules/1", Standing: "changed"}}}, sealed); r[0].SHA256 == was {
		t.Errorf("changed: %+v", r)
	}
	if r := FoldersAsTold(c, probity.PlanStanding{}, nil); r[0].SHA256 == "" {
		t.Errorf("added: %+v", r)
	}
}
