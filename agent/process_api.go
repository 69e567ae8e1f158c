package main

import (
	"errors"
	"net/http"
	"os"
	"syscall"
	"time"
)

// stdinPatience bounds the wait for a process that does not read its input.
const stdinPatience = 10 * time.Second

func (a *agent) startProcess(w http.ResponseWriter, r *http.Request) error {
	var body commandRequest
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	l, err := body.launch(a, 0)
	if err != nil {
		return err
	}
	if err := body.supervise(&l); err != nil {
		return err
	}
	p, err := a.spawn(l)
	if err != nil {
		return err
	}
	if err := p.secure(); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, p.view())
}

func (a *agent) listProcesses(w http.ResponseWriter, _ *http.Request) error {
	views := []processView{}
	for _, p := range a.processes.list() {
		views = append(views, p.view())
	}
	return writeJSON(w, http.StatusOK, map[string]any{"processes": views})
}

func (a *agent) getProcess(w http.ResponseWriter, r *http.Request) error {
	p, err := a.processes.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, p.view())
}

// deleteProcess ends a process and removes its record. It answers when the process is gone, killGrace later at most.
func (a *agent) deleteProcess(w http.ResponseWriter, r *http.Request) error {
	p, err := a.processes.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	gone := p.terminate()
	late := time.After(2 * killGrace)
	for _, ended := range []<-chan struct{}{gone, p.done} {
		select {
		case <-ended:
		case <-late:
			return newFault("TIMEOUT", "The process was killed but has not ended; it may wait for a device.")
		}
	}
	a.processes.remove(p)
	p.journal.remove()
	return writeJSON(w, http.StatusOK, map[string]any{"id": p.id, "deleted": true})
}

// stopProcess asks a process and its descendants to end, and kills them when the grace is over. It does not start again, and its record and
// output stay. It answers when all are gone.
func (a *agent) stopProcess(w http.ResponseWriter, r *http.Request) error {
	p, err := a.processes.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	grace, err := queryInt(r, "graceMs", killGrace.Milliseconds(), 0, 60_000)
	if err != nil {
		return err
	}
	within := time.Duration(grace) * time.Millisecond
	gone := p.terminateWithin(within)
	late := time.After(within + killGrace)
	for _, ended := range []<-chan struct{}{gone, p.done} {
		select {
		case <-ended:
		case <-late:
			return newFault("TIMEOUT", "The process was killed but has not ended; it may wait for a device.")
		}
	}
	return writeJSON(w, http.StatusOK, p.view())
}

func (a *agent) signalProcess(w http.ResponseWriter, r *http.Request) error {
	p, err := a.processes.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	var body struct {
		Signal string `json:"signal"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	sig, err := parseSignal(body.Signal)
	if err != nil {
		return err
	}
	if err := p.signal(sig); err != nil {
		return newFault("CONFLICT", "The process has exited.")
	}
	return succeeded(w)
}

func (a *agent) writeStdin(w http.ResponseWriter, r *http.Request) error {
	p, err := a.processes.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	var body struct {
		Data       *string `json:"data"`
		DataBase64 *string `json:"dataBase64"`
		EOF        bool    `json:"eof"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	data, given, err := textOrBase64("data", body.Data, body.DataBase64)
	if err != nil {
		return err
	}
	if !given && !body.EOF {
		return invalid("data", "give data, dataBase64 or eof")
	}
	stdin := p.input()
	if stdin == nil {
		return newFault("CONFLICT", "The standard input of this process is closed.")
	}
	_ = stdin.SetWriteDeadline(time.Now().Add(stdinPatience))
	if _, err := stdin.Write(data); err != nil {
		return stdinFault(err)
	}
	if body.EOF {
		if err := stdin.Close(); err != nil {
			return stdinFault(err)
		}
	}
	return succeeded(w)
}

func stdinFault(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return newFault("TIMEOUT", "The process did not read its input within %d seconds; a part may have been written.", int(stdinPatience.Seconds()))
	case errors.Is(err, os.ErrClosed), errors.Is(err, syscall.EPIPE):
		return newFault("CONFLICT", "The process has exited or closed its standard input.")
	}
	return err
}
