package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// startName is the name of the service that the sandbox was created with.
const startName = "start"

// supervise takes the fields of background processes.
func (c *commandRequest) supervise(l *launch) error {
	l.keepOpen, l.durable = true, true // POST …/stdin writes to it later
	l.autostart, l.restart, l.probe = c.Autostart, c.Restart, c.ReadinessProbe
	switch c.Restart {
	case "", restartNever, restartOnFailure, restartAlways:
	default:
		return invalid("restart", "must be never, on_failure or always")
	}
	if l.probe == nil {
		return nil
	}
	return l.probe.validate()
}

// secure makes sure that what must run again at the next boot is on disk before the caller is told so.
func (p *process) secure() error {
	if !p.autostart {
		return nil
	}
	err := error(newFault("UNAVAILABLE", "This sandbox cannot keep processes for its next boot: /.miosa is not writable."))
	if p.journal != nil {
		err = p.journal.flush(p)
	}
	if err != nil {
		p.terminate()
		p.journal.remove()
		return asFault(err, "The record of the process")
	}
	return nil
}

// bootProcesses runs what has to run: the processes of an earlier life that are marked so, and the service `start` unless there is one. Doing it
// again changes nothing. It is a request, and not done at start-up, because what they run with (PUT /env) comes after that.
func (a *agent) bootProcesses(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Start *commandRequest `json:"start"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	a.booting.Lock()
	defer a.booting.Unlock()
	hasStart := false
	for _, p := range a.processes.list() {
		// Files of a snapshot may bring the start command of another sandbox.
		if p.name == startName && p.past != nil && body.Start.differs(p.command) {
			continue
		}
		hasStart = hasStart || p.name == startName
		if p.past != nil && p.autostart {
			if err := a.revive(p); err != nil {
				return err
			}
		}
	}
	if body.Start != nil && !hasStart {
		if err := a.startService(body.Start); err != nil {
			return err
		}
	}
	return a.listProcesses(w, r)
}

// differs says whether a command is asked for, and not this one.
func (c *commandRequest) differs(command string) bool {
	var line string
	return c != nil && json.Unmarshal(c.Command, &line) == nil && line != command
}

func (a *agent) startService(c *commandRequest) error {
	c.Name = startName
	l, err := c.launch(a, 0)
	if err == nil {
		err = c.supervise(&l)
	}
	if err != nil {
		return err
	}
	// Kept when it can be; the control plane knows the command too.
	l.autostart = l.autostart && a.processes.recorder.folder != ""
	_, err = a.spawn(l)
	return err
}

// readinessView is what the probe of a process has found.
type readinessView struct {
	ID      string `json:"id"`
	Probed  bool   `json:"probed"`
	Ready   bool   `json:"ready"`
	Over    bool   `json:"over"` // it will not become ready in this run
	Message string `json:"message"`
}

// processReadiness answers when the process is ready or will not be, or when the time is up.
func (a *agent) processReadiness(w http.ResponseWriter, r *http.Request) error {
	p, err := a.processes.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	wait, err := queryInt(r, "waitMs", 0, 0, 120_000)
	if err != nil {
		return err
	}
	until := time.Now().Add(time.Duration(wait) * time.Millisecond)
	for {
		v := p.readiness()
		if v.Ready || v.Over || !time.Now().Before(until) || r.Context().Err() != nil {
			return writeJSON(w, http.StatusOK, v)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (p *process) readiness() readinessView {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.service
	v := readinessView{ID: p.id, Probed: s.probe != nil, Ready: s.health.ready && !p.exited, Over: p.finished || s.health.gaveUp, Message: s.health.message}
	switch {
	case s.resting:
		v.Message = "it has exited and will be started again"
	case p.finished:
		v.Message = "it has exited"
	case s.probe == nil:
		v.Ready, v.Message = true, "it runs"
	case v.Message == "":
		v.Message = "not asked yet"
	}
	return v
}
