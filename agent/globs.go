package main

import (
	"path"
	"strings"
)

// globs are exclude patterns. One without a slash matches a name at any depth (node_modules, *.log); one with a slash matches from the top of
// the archive, where ** stands for any number of folders. Whatever lies below a match is left out with it.
type globs []string

// parseGlobs reads repeated or comma-separated parameters.
func parseGlobs(values []string) (globs, error) {
	var patterns []string
	for _, value := range values {
		patterns = append(patterns, strings.Split(value, ",")...)
	}
	return newGlobs(patterns)
}

func newGlobs(patterns []string) (globs, error) {
	var all globs
	for _, pattern := range patterns {
		pattern = strings.Trim(pattern, "/ ")
		if pattern == "" {
			continue
		}
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, invalid("exclude", "%s is not a valid pattern", pattern)
		}
		all = append(all, pattern)
	}
	const maxGlobs = 100
	if len(all) > maxGlobs {
		return nil, invalid("exclude", "more than %d patterns", maxGlobs)
	}
	return all, nil
}

// match says whether the entry at a path relative to the top is left out.
func (g globs) match(name string) bool {
	for _, pattern := range g {
		if strings.Contains(pattern, "/") {
			if matchParts(strings.Split(pattern, "/"), strings.Split(name, "/")) {
				return true
			}
		} else if ok, _ := path.Match(pattern, path.Base(name)); ok {
			return true
		}
	}
	return false
}

// matchParts goes back to the last ** only: more of them do not cost more than the product of both lengths.
func matchParts(pattern, name []string) bool {
	var again []string // the pattern behind the last **
	var from []string  // the name where it was tried last
	for len(name) > 0 || len(pattern) > 0 {
		if len(pattern) > 0 && pattern[0] == "**" {
			pattern = pattern[1:]
			again, from = pattern, name
			continue
		}
		if len(pattern) > 0 && len(name) > 0 {
			if ok, _ := path.Match(pattern[0], name[0]); ok {
				pattern, name = pattern[1:], name[1:]
				continue
			}
		}
		if len(from) == 0 {
			return false
		}
		from = from[1:]
		pattern, name = again, from
	}
	return true
}
