package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

const maxRecord = 1 << 20

// processRecord is a background process on disk: what it takes to run it again, and how it stood.
type processRecord struct {
	ID        string            `json:"id"`
	Name      string            `json:"name,omitempty"`
	Command   string            `json:"command"`
	Argv      []string          `json:"argv"`
	Cwd       string            `json:"cwd"`
	Env       map[string]string `json:"env,omitempty"`
	User      string            `json:"user"`
	TimeoutMs int64             `json:"timeoutMs,omitempty"`
	Autostart bool              `json:"autostart,omitempty"`
	Restart   string            `json:"restart,omitempty"`
	Probe     *probe            `json:"probe,omitempty"`
	Pid       int32             `json:"pid"`
	Restarts  int               `json:"restarts,omitempty"`
	StartedAt time.Time         `json:"startedAt"`
	ExitedAt  time.Time         `json:"exitedAt,omitzero"`
	ExitCode  *int              `json:"exitCode,omitempty"`
	Signal    *string           `json:"signal,omitempty"`
	TimedOut  bool              `json:"timedOut,omitempty"`
	LogStart  int64             `json:"logStart,omitempty"`
	LogEnd    int64             `json:"logEnd,omitempty"`
}

// record describes the process as it stands now.
func (p *process) record() processRecord {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.launch
	r := processRecord{ID: p.id, Name: p.name, Command: p.command, Argv: l.argv, Cwd: p.cwd, Env: l.env, User: l.user.name,
		TimeoutMs: l.timeout.Milliseconds(), Autostart: p.autostart, Restart: l.restart, Probe: l.probe, Pid: p.pid.Load(),
		Restarts: p.service.restarts, StartedAt: p.startedAt}
	if p.exited {
		r.ExitedAt, r.TimedOut = p.exitedAt, p.timedOut
		r.ExitCode, r.Signal = p.outcome()
	}
	if p.finished { // while it runs the log itself says it
		r.LogStart, r.LogEnd = p.logStart(), p.log.end
	}
	return r
}

// writeRecord replaces the record when it has changed; j.mu is held.
func (j *journal) writeRecord(record processRecord) error {
	text, err := json.Marshal(record)
	if err != nil || string(text) == j.last {
		return err
	}
	file, err := os.OpenFile(j.base+".json.new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(j.base+".json.new", j.base+".json")
	}
	if err == nil {
		j.last = string(text)
	}
	return err
}

func readRecord(name string) (record processRecord, ok bool) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return record, false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxRecord {
		return record, false
	}
	ok = json.NewDecoder(file).Decode(&record) == nil && record.ID+".json" == filepath.Base(name) &&
		strings.HasPrefix(record.ID, "prc_") && len(record.Argv) > 0 && record.Argv[0] != ""
	return record, ok
}

// restore brings back the processes of the sandbox's earlier lives, as records: none of them runs. The newest are kept.
func (a *agent) restore() {
	folder := a.processes.recorder.folder
	if folder == "" {
		return
	}
	names, _ := filepath.Glob(folder + "/prc_*.json")
	sort.Strings(names) // by the time of their first start: ids sort so
	for len(names) > keepProcesses {
		(&journal{base: strings.TrimSuffix(names[0], ".json")}).remove()
		names = names[1:]
	}
	for _, name := range names {
		if record, ok := readRecord(name); ok {
			a.restoreOne(record)
		}
	}
}

func (a *agent) restoreOne(r processRecord) {
	l := launch{argv: r.Argv, command: r.Command, name: r.Name, cwd: r.Cwd, env: r.Env, user: a.config.sandbox, keepOpen: true, durable: true,
		timeout: time.Duration(r.TimeoutMs) * time.Millisecond, autostart: r.Autostart, restart: r.Restart, probe: r.Probe}
	if r.User == a.config.root.name {
		l.user = a.config.root
	}
	p := a.newProcess(r.ID, l)
	p.pid.Store(0)
	p.mark, p.startedAt, p.timedOut, p.service.restarts = 0, r.StartedAt, r.TimedOut, r.Restarts
	p.exited, p.finished, p.exitedAt, p.past = true, true, r.ExitedAt, &pastEnd{r.ExitCode, r.Signal}
	if log, ok := p.journal.load(); ok && r.LogEnd == 0 { // it ran to the end of the machine
		r.LogStart, r.LogEnd = log.start, log.end
	}
	p.log.drop()
	p.log.start, p.log.end, p.keptFrom = r.LogEnd, r.LogEnd, &r.LogStart
	p.journal.end = r.LogEnd
	close(p.done)
	a.processes.add(p)
	a.processes.retire(p)
}

// revive runs a process of an earlier life again, under its id and with its output before.
func (a *agent) revive(past *process) error {
	p := a.newProcess(past.id, past.launch)
	p.service.restarts = past.service.restarts
	log, ok := past.journal.load()
	if !ok {
		log.start, log.end = past.log.end, past.log.end
		log.align()
	}
	p.log = log
	p.journal = past.journal
	a.processes.replace(past, p)
	return a.begin(p)
}
