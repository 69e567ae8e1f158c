package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// terminalRequest is the body of POST /terminals.
type terminalRequest struct {
	Cols  int               `json:"cols"`
	Rows  int               `json:"rows"`
	Shell string            `json:"shell"`
	Cwd   string            `json:"cwd"`
	Env   map[string]string `json:"env"`
	User  string            `json:"user"`
}

// terminalView is a Terminal on the wire.
type terminalView struct {
	ID          string `json:"id"`
	Pid         int    `json:"pid"`
	Shell       string `json:"shell"`
	Cwd         string `json:"cwd"`
	Cols        int    `json:"cols"`
	Rows        int    `json:"rows"`
	Connections int    `json:"connections"`
	StartedAt   string `json:"startedAt"`
	UsedAt      string `json:"usedAt"`
}

func (t *terminal) view() terminalView {
	t.mu.Lock()
	defer t.mu.Unlock()
	usedAt := t.usedAt
	if len(t.viewers) > 0 {
		usedAt = time.Now()
	}
	return terminalView{ID: t.id, Pid: t.pid, Shell: t.shell, Cwd: t.cwd, Cols: int(t.size.cols), Rows: int(t.size.rows),
		Connections: len(t.viewers), StartedAt: timestamp(t.startedAt), UsedAt: timestamp(usedAt)}
}

func sizeOf(cols, rows int) (winsize, error) {
	switch {
	case cols < 1 || cols > maxTerminalX:
		return winsize{}, invalid("cols", "must be 1 to %d", maxTerminalX)
	case rows < 1 || rows > maxTerminalX:
		return winsize{}, invalid("rows", "must be 1 to %d", maxTerminalX)
	}
	return winsize{cols: uint16(cols), rows: uint16(rows)}, nil
}

// openTerminal starts a shell on a new terminal.
func (a *agent) openTerminal(w http.ResponseWriter, r *http.Request) error {
	body := terminalRequest{Cols: 80, Rows: 24}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	size, err := sizeOf(body.Cols, body.Rows)
	if err != nil {
		return err
	}
	user := a.config.sandbox
	if body.User == a.config.root.name {
		user = a.config.root
	}
	shell := body.Shell
	if shell == "" {
		shell = shellOf(user)
	}
	command, _ := json.Marshal([]string{shell})
	l, err := (&commandRequest{Command: command, Cwd: body.Cwd, Env: a.terminalEnvironment(body.Env), User: body.User}).launch(a, 0)
	if err != nil {
		return err
	}
	t, err := a.startTerminal(l, size)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, t.view())
}

// terminalEnvironment adds what programs ask of a terminal, unless the sandbox or the caller says otherwise.
func (a *agent) terminalEnvironment(given map[string]string) map[string]string {
	vars := map[string]string{}
	base := *a.base.Load()
	for name, value := range map[string]string{"TERM": "xterm-256color", "COLORTERM": "truecolor"} {
		if _, set := base[name]; !set {
			vars[name] = value
		}
	}
	for name, value := range given {
		vars[name] = value
	}
	return vars
}

func (a *agent) listTerminals(w http.ResponseWriter, _ *http.Request) error {
	views := []terminalView{}
	for _, t := range a.terminals.open() {
		views = append(views, t.view())
	}
	return writeJSON(w, http.StatusOK, map[string]any{"terminals": views})
}

func (a *agent) getTerminal(w http.ResponseWriter, r *http.Request) error {
	t, err := a.terminals.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, t.view())
}

// resizeTerminal is for a caller that is not attached yet.
func (a *agent) resizeTerminal(w http.ResponseWriter, r *http.Request) error {
	t, err := a.terminals.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	var body struct{ Cols, Rows int }
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	size, err := sizeOf(body.Cols, body.Rows)
	if err != nil {
		return err
	}
	t.resize(size)
	return writeJSON(w, http.StatusOK, t.view())
}

// endTerminal kills the whole session and answers when its shell is gone.
func (a *agent) endTerminal(w http.ResponseWriter, r *http.Request) error {
	t, err := a.terminals.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	t.end()
	return succeeded(w)
}
