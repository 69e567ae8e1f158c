package main

import (
	"os"
	"strings"
)

// maxVariable is the kernel's limit on one NAME=value string, with its end (MAX_ARG_STRLEN, execve(2)).
const maxVariable = 128<<10 - 1

// environment is what a process gets: sane defaults, under the base set by PUT /env, under the caller's own.
func (a *agent) environment(l launch) []string {
	vars := map[string]string{
		"HOME": l.user.home, "USER": l.user.name, "LOGNAME": l.user.name, "SHELL": loginShell(), "LANG": "C.UTF-8",
		"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
	for name, value := range *a.base.Load() {
		vars[name] = value
	}
	for name, value := range l.env {
		vars[name] = value
	}
	list := make([]string, 0, len(vars))
	for name, value := range vars {
		list = append(list, name+"="+value)
	}
	return list
}

// checkEnvironment refuses what execve cannot pass on.
func checkEnvironment(field string, vars map[string]string) error {
	for name, value := range vars {
		switch {
		case name == "" || strings.ContainsAny(name, "=\x00"):
			return invalid(field, "a name is empty or contains '=' or NUL")
		case strings.ContainsRune(value, 0):
			return invalid(field+"."+name, "the value contains NUL")
		case len(name)+1+len(value) > maxVariable:
			return invalid(field+"."+name, "longer than %d bytes", maxVariable)
		}
	}
	return nil
}

func loginShell() string {
	if _, err := os.Stat("/bin/bash"); err == nil {
		return "/bin/bash"
	}
	return "/bin/sh"
}
