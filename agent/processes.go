package main

import (
	"sort"
	"sync"
	"time"
)

// How much of finished processes is remembered. Records are small; their output is not, so it has a budget of its own.
const (
	keepProcesses = 256
	keepExecs     = 64
	keepLogBytes  = 2 << 20
)

// processTable knows every process that runs and the last ones that finished. Lock order: process.mu before processTable.mu.
type processTable struct {
	reaper *reaper
	pump   *pump

	mu       sync.Mutex
	byID     map[string]*process
	finished []retired // oldest first
	logBytes int
}

// retired is a finished process and the memory its output holds.
type retired struct {
	proc *process
	held int
}

func newProcessTable() (*processTable, error) {
	pump, err := newPump()
	if err != nil {
		return nil, err
	}
	return &processTable{reaper: newReaper(), pump: pump, byID: map[string]*process{}}, nil
}

func (t *processTable) add(p *process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byID[p.id] = p
}

func (t *processTable) get(id string) (*process, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, ok := t.byID[id]; ok {
		return p, nil
	}
	return nil, newFault("NOT_FOUND", "There is no process %s.", id)
}

func (t *processTable) list() []*process {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*process, 0, len(t.byID))
	for _, p := range t.byID {
		all = append(all, p)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].startedAt.Before(all[j].startedAt) })
	return all
}

// byPid finds the running process that leads a session.
func (t *processTable) byPid(pid int) *process {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.byID {
		if p.pid == pid {
			select {
			case <-p.done:
			default:
				return p
			}
		}
	}
	return nil
}

// retire files a finished process and forgets the oldest above the limits. The caller holds the process's lock, so the output
// of the others is dropped by a goroutine of its own.
func (t *processTable) retire(p *process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finished = append(t.finished, retired{p, p.log.held()})
	t.logBytes += p.log.held()
	limit := keepProcesses
	if p.brief {
		limit = keepExecs
	}
	alike := 0
	for _, r := range t.finished {
		if r.proc.brief == p.brief {
			alike++
		}
	}
	for i := 0; alike > limit && i < len(t.finished); i++ {
		if t.finished[i].proc.brief == p.brief {
			t.forget(i)
			break
		}
	}
	for i := 0; t.logBytes > keepLogBytes && i < len(t.finished)-1; i++ {
		r := &t.finished[i]
		if r.held > 0 {
			t.logBytes -= r.held
			r.held = 0
			go r.proc.dropLog()
		}
	}
}

// forget removes entry i of the finished; t.mu is held.
func (t *processTable) forget(i int) {
	r := t.finished[i]
	t.logBytes -= r.held
	delete(t.byID, r.proc.id)
	t.finished = append(t.finished[:i], t.finished[i+1:]...)
	go r.proc.dropLog()
}

// remove deletes the record of a finished process.
func (t *processTable) remove(p *process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range t.finished {
		if r.proc == p {
			t.forget(i)
			return
		}
	}
}

func (p *process) dropLog() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.drop()
	p.wake()
}

// processView is a Process on the wire.
type processView struct {
	ID           string  `json:"id"`
	Pid          int     `json:"pid"`
	Name         *string `json:"name"`
	Command      string  `json:"command"`
	Cwd          string  `json:"cwd"`
	State        string  `json:"state"`
	ExitCode     *int    `json:"exitCode"`
	Signal       *string `json:"signal"`
	StartedAt    string  `json:"startedAt"`
	ExitedAt     *string `json:"exitedAt"`
	LogBytes     int64   `json:"logBytes"`
	LogTruncated bool    `json:"logTruncated"`
}

func (p *process) view() processView {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := processView{ID: p.id, Pid: p.pid, Command: p.command, Cwd: p.cwd, State: "running",
		StartedAt: timestamp(p.startedAt), LogBytes: p.log.end, LogTruncated: p.log.start > 0}
	if p.name != "" {
		v.Name = &p.name
	}
	if p.exited {
		code, sig := p.outcome()
		at := timestamp(p.exitedAt)
		v.State, v.ExitCode, v.Signal, v.ExitedAt = "exited", &code, sig, &at
	}
	return v
}

// timestamp is ISO 8601 in UTC with milliseconds.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
