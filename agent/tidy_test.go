package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestTidyRemovesWhatIsTheMachinesOwnAndFollowsNoLink(t *testing.T) {
	root := t.TempDir()
	write := func(path string) {
		must(os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755))
		must(os.WriteFile(filepath.Join(root, path), []byte("x"), 0o644))
	}
	gone := []string{".miosa/processes/prc_1/log", "tmp/a/b", "tmp/.hidden", "var/lib/apt/lists/x", "home/sandbox/.bash_history"}
	kept := []string{"workspace/app.js", "etc/hosts", "home/sandbox/.profile", "elsewhere/tmp/file"}
	for _, path := range append(append([]string{}, gone...), kept...) {
		write(path)
	}
	must(os.Symlink(filepath.Join(root, "elsewhere"), filepath.Join(root, "tmp/link")))
	if err := tidyMachine(root); err != nil {
		t.Fatal(err)
	}
	for _, path := range append(gone, "tmp/link") {
		if _, err := os.Lstat(filepath.Join(root, path)); !os.IsNotExist(err) {
			t.Errorf("%s is still there", path)
		}
	}
	for _, path := range kept {
		if _, err := os.Lstat(filepath.Join(root, path)); err != nil {
			t.Errorf("%s is gone", path)
		}
	}
}

func TestTidyIsRefusedOutsideAMachineOfItsOwn(t *testing.T) {
	if got := send(t, http.MethodPost, "/tidy", nil); got.status != http.StatusConflict {
		t.Errorf("answered %d", got.status)
	}
}
