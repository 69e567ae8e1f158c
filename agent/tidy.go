package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
)

// machines are the places of files that belong to this machine and not to what is made from a copy of it: records and output of processes,
// caches of the package manager, scratch space, histories.
var machines = []string{
	".miosa/processes/*",
	"root/.bash_history",
	"home/*/.bash_history",
	"tmp/*",
	"tmp/.[!.]*",
	"var/cache/apt/*.bin",
	"var/cache/apt/archives/*.deb",
	"var/lib/apt/lists/*",
	"var/tmp/*",
	"var/tmp/.[!.]*",
}

// tidyMachine removes them. Links are removed, not followed.
func tidyMachine(root string) error {
	var problems error
	for _, place := range machines {
		found, err := filepath.Glob(filepath.Join(root, place))
		problems = errors.Join(problems, err)
		for _, path := range found {
			problems = errors.Join(problems, os.RemoveAll(path))
		}
	}
	return problems
}

// tidy is called before the files of this machine become a template.
func (a *agent) tidy(w http.ResponseWriter, _ *http.Request) error {
	if os.Getpid() != 1 {
		return newFault("CONFLICT", "This agent is not the first process of a machine of its own.")
	}
	if err := tidyMachine("/"); err != nil {
		return asFault(err, "Tidying up")
	}
	return writeJSON(w, http.StatusOK, struct{}{})
}
