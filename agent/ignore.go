package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

const (
	maxIgnoreFile  = 64 << 10
	maxIgnoreRules = 1000
)

// ignoreRules are the lines of an ignore file, in the syntax of gitignore(5):
//
//   - an empty line and one that begins with # say nothing; spaces at the end do not count; \# and \! are names that begin so;
//   - *, ?, [a-z] and [!a-z] stand for anything but a slash, ** between slashes for any number of folders, /** at the end for all that is inside;
//   - a pattern with a slash at its beginning or in its middle starts at the top, any other matches a name at any depth;
//   - a slash at the end: folders only;
//   - ! takes back what an earlier line left out, except below a folder that is left out as a whole. The last line that matches counts.
//
// Only the one file at the top is read; ignore files in folders below it are files like others.
type ignoreRules []ignoreRule

type ignoreRule struct {
	parts       []string // of a pattern that starts at the top
	name        string   // of one for any depth
	foldersOnly bool
	takesBack   bool
}

// readIgnoreFile reads the file at the top of the root; none is no rules. Call it within asSandbox.
func readIgnoreFile(root *os.Root, name string) (ignoreRules, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, invalid("ignoreFile", "%s cannot be read", name)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, invalid("ignoreFile", "%s is not a file", name)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxIgnoreFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxIgnoreFile {
		return nil, invalid("ignoreFile", "%s is larger than %d bytes", name, maxIgnoreFile)
	}
	return parseIgnoreRules(name, string(text))
}

func parseIgnoreRules(file, text string) (rules ignoreRules, err error) {
	number := 0
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\uFEFF"), "\n") {
		number++
		line = strings.TrimRight(line, " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		var rule ignoreRule
		if line[0] == '!' {
			rule.takesBack, line = true, line[1:]
		}
		whole := line
		line = strings.TrimRight(line, "/")
		rule.foldersOnly = line != whole
		if line == "" {
			continue
		}
		line = strings.ReplaceAll(line, "[!", "[^")
		if _, err := path.Match(line, ""); err != nil {
			return nil, invalid("ignoreFile", "%s line %d is not a valid pattern", file, number)
		}
		if strings.Contains(line, "/") {
			rule.parts = strings.Split(strings.TrimLeft(line, "/"), "/")
			if rule.parts[len(rule.parts)-1] == "**" {
				rule.parts = append(rule.parts, "*") // what is inside, not the folder: an exception may follow
			}
		} else {
			rule.name = line
		}
		if rules = append(rules, rule); len(rules) > maxIgnoreRules {
			return nil, invalid("ignoreFile", "%s has more than %d patterns", file, maxIgnoreRules)
		}
	}
	return rules, nil
}

// match says whether an entry is left out, given that no folder above it is.
func (r ignoreRules) match(name string, isFolder bool) bool {
	for i := len(r) - 1; i >= 0; i-- {
		if rule := &r[i]; (isFolder || !rule.foldersOnly) && rule.matches(name) {
			return !rule.takesBack
		}
	}
	return false
}

func (r *ignoreRule) matches(name string) bool {
	if r.parts != nil {
		return matchParts(r.parts, strings.Split(name, "/"))
	}
	ok, _ := path.Match(r.name, path.Base(name))
	return ok
}
