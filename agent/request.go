package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path"
	"strings"
	"time"
)

const (
	defaultTimeout = 60 * time.Second // of a blocking exec (contract 4.2)
	maxTimeout     = 24 * time.Hour
	maxName        = 120
)

// commandRequest is the body of exec, exec/stream and processes.
type commandRequest struct {
	Command     json.RawMessage   `json:"command"`
	Name        string            `json:"name"`
	Cwd         string            `json:"cwd"`
	Env         map[string]string `json:"env"`
	Stdin       *string           `json:"stdin"`
	StdinBase64 *string           `json:"stdinBase64"`
	TimeoutMs   *int64            `json:"timeoutMs"`
	User        string            `json:"user"`

	// Of background processes.
	Autostart      bool   `json:"autostart"`
	Restart        string `json:"restart"`
	ReadinessProbe *probe `json:"readinessProbe"`
}

// launch checks the request. timeout is the default; 0 means none.
func (c *commandRequest) launch(a *agent, timeout time.Duration) (launch, error) {
	l := launch{name: c.Name, env: c.Env, timeout: timeout}
	if len(c.Name) > 4*maxName || strings.ContainsRune(c.Name, 0) {
		return l, invalid("name", "longer than %d characters, or contains NUL", maxName)
	}
	if err := checkEnvironment("env", c.Env); err != nil {
		return l, err
	}
	if err := c.setCommand(&l); err != nil {
		return l, err
	}
	if err := c.setStdin(&l); err != nil {
		return l, err
	}
	if c.TimeoutMs != nil {
		l.timeout = time.Duration(*c.TimeoutMs) * time.Millisecond
		if *c.TimeoutMs < 1 || *c.TimeoutMs > maxTimeout.Milliseconds() {
			return l, invalid("timeoutMs", "must be 1 to %d", maxTimeout.Milliseconds())
		}
	}
	switch c.User {
	case "", a.config.sandbox.name:
		l.user = a.config.sandbox
	case a.config.root.name:
		l.user = a.config.root
	default:
		return l, invalid("user", "must be sandbox or root")
	}
	return l, c.setFolder(a, &l)
}

// setCommand takes a string for the shell, or an argument array as it is.
func (c *commandRequest) setCommand(l *launch) error {
	var line string
	if json.Unmarshal(c.Command, &line) == nil && len(c.Command) > 0 && c.Command[0] == '"' {
		l.command, l.argv = line, []string{"/bin/sh", "-lc", line}
	} else if json.Unmarshal(c.Command, &l.argv) != nil {
		return invalid("command", "must be a string or an array of strings")
	} else {
		l.command = strings.Join(l.argv, " ")
	}
	if l.command == "" || l.argv[0] == "" {
		return invalid("command", "must not be empty")
	}
	if strings.ContainsRune(l.command, 0) {
		return invalid("command", "contains NUL")
	}
	return nil
}

func (c *commandRequest) setStdin(l *launch) error {
	data, given, err := textOrBase64("stdin", c.Stdin, c.StdinBase64)
	l.stdin, l.hasStdin = data, given
	return err
}

// setFolder resolves the working directory. Only the default one may be missing.
func (c *commandRequest) setFolder(a *agent, l *launch) error {
	l.cwd = a.config.workspace
	if c.Cwd != "" {
		cwd, err := a.absolute("cwd", c.Cwd)
		if err != nil {
			return err
		}
		l.cwd = cwd
	}
	err := a.as(l.user, func() error {
		info, err := os.Stat(l.cwd)
		if err == nil && !info.IsDir() {
			return invalid("cwd", "%s is not a folder", l.cwd)
		}
		return err
	})
	if err == nil {
		return nil
	}
	if c.Cwd == "" {
		l.cwd = "/"
		return nil
	}
	return invalid("cwd", "%s", asFault(err, l.cwd).message)
}

// absolute makes a caller's path absolute (relative ones start at the workspace) and clean.
func (a *agent) absolute(field, name string) (string, error) {
	switch {
	case name == "":
		return "", invalid(field, "must not be empty")
	case strings.ContainsRune(name, 0):
		return "", invalid(field, "contains NUL")
	case len(name) > 4095: // PATH_MAX
		return "", invalid(field, "longer than 4095 bytes")
	case !path.IsAbs(name):
		name = a.config.workspace + "/" + name
	}
	return path.Clean(name), nil
}

// textOrBase64 reads one of two alternative fields.
func textOrBase64(field string, text, encoded *string) (data []byte, given bool, err error) {
	switch {
	case text != nil && encoded != nil:
		return nil, false, invalid(field, "give either %s or %sBase64", field, field)
	case text != nil:
		return []byte(*text), true, nil
	case encoded != nil:
		data, err := base64.StdEncoding.DecodeString(*encoded)
		if err != nil {
			return nil, false, invalid(field+"Base64", "is not base64")
		}
		return data, true, nil
	}
	return nil, false, nil
}
