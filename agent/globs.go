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
	var all globs
	for _, value := range values {
		for pattern := range strings.SplitSeq(value, ",") {
			pattern = strings.Trim(pattern, "/ ")
			if pattern == "" {
				continue
			}
			if _, err := path.Match(pattern, ""); err != nil {
				return nil, invalid("exclude", "%s is not a valid pattern", pattern)
			}
			all = append(all, pattern)
		}
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

func matchParts(pattern, name []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := 0; i <= len(name); i++ {
				if matchParts(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, _ := path.Match(pattern[0], name[0]); !ok {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return len(name) == 0
}
