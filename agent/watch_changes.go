package main

import (
	"path"
	"slices"
)

// change is one line of a watch. Paths are below the watched folder.
type change struct {
	kind, path, old string
	dir             bool
}

// seen is what a window has learned of one path: whether there was something at its beginning and is now, and whether it is another content.
type seen struct {
	path             string
	before, now, dir bool
	touched          bool
	origin           string // the path that what is here now had when the window began
}

// changeSet joins what happened within a window, so that the steps of one act are one change: an editor that writes beside a file and
// renames over it has modified that file; what came and went did not happen.
type changeSet struct {
	order  []*seen
	byPath map[string]*seen
}

func (c *changeSet) of(name string, existed bool) *seen {
	if s, ok := c.byPath[name]; ok {
		return s
	}
	s := &seen{path: name, before: existed, now: existed}
	if c.byPath == nil {
		c.byPath = map[string]*seen{}
	}
	c.byPath[name] = s
	c.order = append(c.order, s)
	return s
}

func (c *changeSet) empty() bool { return len(c.order) == 0 }

func (c *changeSet) full() bool { return len(c.order) >= maxPending }

func (c *changeSet) created(name string, dir bool) {
	s := c.of(name, false)
	s.now, s.touched, s.dir, s.origin = true, true, dir, ""
}

func (c *changeSet) modified(name string) { c.of(name, true).touched = true }

// gone notes a deletion, or the first half of a move. What it returns is what moves.
func (c *changeSet) gone(name string, dir bool) seen {
	s := c.of(name, true)
	left := *s
	s.now, s.origin = false, ""
	if s.before {
		s.dir = dir
	}
	return left
}

// arrived notes the second half of a move; from is what gone returned.
func (c *changeSet) arrived(from seen, name string, existed, dir bool) {
	s := c.of(name, existed)
	if from.origin == "" && from.before {
		from.origin = from.path
	}
	s.now, s.dir, s.origin, s.touched = true, dir, from.origin, from.touched || from.origin == ""
}

// take ends the window. Changes come in the order in which their paths were first heard of.
func (c *changeSet) take() (list []change) {
	renamed := map[string]bool{}
	for _, s := range c.order {
		if old, ok := c.byPath[s.origin]; s.now && ok && old.before && !old.now && s.origin != s.path {
			renamed[s.origin] = true
		} else {
			s.touched = s.touched || s.origin != ""
			s.origin = ""
		}
	}
	removed := map[string]bool{}
	for _, s := range c.order {
		if s.before && !s.now && s.dir && !renamed[s.path] {
			removed[s.path] = true
		}
	}
	for _, s := range c.order {
		switch {
		case s.origin != "":
			list = append(list, change{"renamed", s.path, s.origin, s.dir})
			if s.touched {
				list = append(list, change{"modified", s.path, "", s.dir})
			}
		case s.now && !s.before:
			list = append(list, change{"created", s.path, "", s.dir})
		case s.now && s.touched:
			list = append(list, change{"modified", s.path, "", s.dir})
		case s.before && !s.now && !renamed[s.path] && !isBelow(removed, s.path):
			list = append(list, change{"deleted", s.path, "", s.dir})
		}
	}
	*c = changeSet{}
	return slices.Clip(list)
}

// isBelow: the folder's own end says all of what was in it.
func isBelow(folders map[string]bool, name string) bool {
	for len(folders) > 0 {
		parent := path.Dir(name)
		if parent == name || parent == "." {
			return false
		}
		if folders[parent] {
			return true
		}
		name = parent
	}
	return false
}
