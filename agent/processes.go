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
	reaper   *reaper
	pump     *pump
	marks    marks
	recorder *recorder

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

func newProcessTable(folder string) (*processTable, error) {
	pump, err := newPump()
	if err != nil {
		return nil, err
	}
	return &processTable{reaper: newReaper(), pump: pump, recorder: newRecorder(folder), byID: map[string]*process{}}, nil
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
		if int(p.pid.Load()) == pid {
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
	t.trimLogs()
}

// trimLogs drops the output of those that finished first; t.mu is held.
func (t *processTable) trimLogs() {
	for i := 0; t.logBytes > keepLogBytes && i < len(t.finished)-1; i++ {
		r := &t.finished[i]
		if r.held > 0 {
			t.logBytes -= r.held
			r.held = 0
			go r.proc.dropLog()
		}
	}
	total := int64(0)
	for i := len(t.finished) - 1; i >= 0; i-- {
		if total += t.finished[i].proc.journal.bytes(); total > keepJournalBytes {
			go t.finished[i].proc.journal.removeLog()
		}
	}
}

// recall reads output that was dropped from memory back from the disk.
func (p *process) recall() {
	p.mu.Lock()
	isDropped := p.keptFrom != nil
	p.mu.Unlock()
	if !isDropped {
		return
	}
	log, ok := p.journal.load()
	p.mu.Lock()
	if p.keptFrom == nil {
		p.mu.Unlock()
		return
	}
	p.keptFrom = nil
	if ok {
		log.freeze()
		p.log = log
	}
	held := p.log.held()
	p.mu.Unlock()
	p.table.hold(p, held)
}

// hold counts memory of a finished process, as that of the one used last.
func (t *processTable) hold(p *process, held int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range t.finished {
		if r.proc == p {
			t.finished = append(append(t.finished[:i], t.finished[i+1:]...), retired{p, held})
			t.logBytes += held - r.held
			t.trimLogs()
			return
		}
	}
}

// replace puts a process in the place of a finished one with its id.
func (t *processTable) replace(past, next *process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range t.finished {
		if r.proc == past {
			t.logBytes -= r.held
			t.finished = append(t.finished[:i], t.finished[i+1:]...)
			break
		}
	}
	t.byID[next.id] = next
}

// forget removes entry i of the finished; t.mu is held.
func (t *processTable) forget(i int) {
	r := t.finished[i]
	t.logBytes -= r.held
	delete(t.byID, r.proc.id)
	t.finished = append(t.finished[:i], t.finished[i+1:]...)
	go func() {
		r.proc.dropLog()
		r.proc.journal.remove()
	}()
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

// dropLog gives the memory of the output up. What is on disk is read again when it is asked for.
func (p *process) dropLog() {
	p.journal.flush(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keptFrom == nil && p.journal.holds(p.log.end) {
		start := p.log.start
		p.keptFrom = &start
	}
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
	StateReason  *string `json:"stateReason"`
	ExitCode     *int    `json:"exitCode"`
	Signal       *string `json:"signal"`
	Autostart    bool    `json:"autostart"`
	Restart      string  `json:"restart"`
	Restarts     int     `json:"restarts"`
	StartedAt    string  `json:"startedAt"`
	ExitedAt     *string `json:"exitedAt"`
	LogBytes     int64   `json:"logBytes"`
	LogTruncated bool    `json:"logTruncated"`
}

func (p *process) view() processView {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := processView{ID: p.id, Pid: int(p.pid.Load()), Command: p.command, Cwd: p.cwd, State: "running", StateReason: p.reason(),
		Autostart: p.autostart, Restart: p.service.restart, Restarts: p.service.restarts,
		StartedAt: timestamp(p.startedAt), LogBytes: p.log.end, LogTruncated: p.logStart() > 0}
	if v.Restart == "" {
		v.Restart = restartNever
	}
	if p.name != "" {
		v.Name = &p.name
	}
	if p.exited {
		at := timestamp(p.exitedAt)
		v.State, v.ExitedAt = "exited", &at
		v.ExitCode, v.Signal = p.outcome()
		if p.exitedAt.IsZero() {
			v.ExitedAt = nil
		}
	}
	return v
}

// logStart is the oldest byte kept, in memory or on disk; p.mu is held.
func (p *process) logStart() int64 {
	if p.keptFrom != nil {
		return *p.keptFrom
	}
	return p.log.start
}

// timestamp is ISO 8601 in UTC with milliseconds.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
