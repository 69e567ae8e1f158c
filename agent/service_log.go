package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// recordDelay is how much of the latest output is lost at most when the machine is killed.
	recordDelay = 100 * time.Millisecond
	// journalMax: a file that grew beyond it is written anew with what the ring holds.
	journalMax = 2 * logMax
	// keepJournalBytes bounds the output of finished processes on the disk of the sandbox.
	keepJournalBytes = 64 << 20
)

// recorder keeps background processes in a folder of the sandbox's own disk, so that their records and output are there after its machine was
// stopped. It writes from the rings that are in memory, beside the processes: a flood costs one ring every recordDelay, and a slow disk delays nobody.
type recorder struct {
	folder string // "" : nothing is kept
	mu     sync.Mutex
	dirty  map[*process]struct{}
	armed  bool
}

func newRecorder(folder string) *recorder {
	if folder == "" || os.MkdirAll(folder, 0o700) != nil {
		return &recorder{}
	}
	return &recorder{folder: folder, dirty: map[*process]struct{}{}}
}

func (r *recorder) journal(id string) *journal {
	if r.folder == "" {
		return nil
	}
	return &journal{base: r.folder + "/" + id, end: -1}
}

// note has the process written soon; p.mu is held.
func (p *process) note() {
	if p.journal == nil {
		return
	}
	r := p.table.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirty[p] = struct{}{}
	if !r.armed {
		r.armed = true
		time.AfterFunc(recordDelay, r.write)
	}
}

func (r *recorder) write() {
	r.mu.Lock()
	batch := r.dirty
	r.dirty, r.armed = map[*process]struct{}{}, false
	r.mu.Unlock()
	for p := range batch {
		_ = p.journal.flush(p) // a full disk: tried again with the next output
	}
}

// journal is one process on disk: `<id>.json` is its record; `<id>.log` the offset of its first byte, then pieces of output, each with its stream
// and length. Lock order: journal.mu before process.mu. A nil journal keeps nothing.
type journal struct {
	base string
	mu   sync.Mutex
	end  int64 // output before this offset is in the file; -1: the file is to be written anew
	size atomic.Int64
	last string // the record as it was written
	gone bool
}

// holds says whether all output is on disk.
func (j *journal) holds(end int64) bool {
	if j == nil {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.gone && j.end == end && end > 0
}

func (j *journal) flush(p *process) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.gone {
		return nil
	}
	fileSlots <- struct{}{}
	defer func() { <-fileSlots }()
	err := j.writeLog(p)
	if err != nil {
		j.end = -1
	}
	return errors.Join(j.writeRecord(p.record()), err)
}

// writeLog appends what is new, or writes the whole ring when something between is gone or the file has grown too long.
func (j *journal) writeLog(p *process) error {
	p.mu.Lock()
	start, end, isDropped := p.log.start, p.log.end, p.keptFrom != nil
	p.mu.Unlock()
	if isDropped || end == j.end || end == 0 {
		return nil
	}
	anew := j.end < start || j.end > end || j.size.Load() > journalMax
	name, flags := j.base+".log", os.O_WRONLY|os.O_APPEND|syscall.O_NOFOLLOW
	if anew {
		name, flags, j.end = j.base+".log.new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, start
		j.size.Store(8)
	}
	file, err := os.OpenFile(name, flags, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if anew {
		if _, err := file.Write(binary.LittleEndian.AppendUint64(nil, uint64(start))); err != nil {
			return err
		}
	}
	if err := j.copyRing(p, file); err != nil {
		return err
	}
	if anew {
		return os.Rename(name, j.base+".log")
	}
	return nil
}

const pieceHeader = 5 // stream, length

// copyRing appends the pieces from j.end on.
func (j *journal) copyRing(p *process, file *os.File) error {
	chunk := chunks.Get().(*[chunkBytes]byte)
	defer chunks.Put(chunk)
	for {
		p.mu.Lock()
		if j.end < p.log.start {
			p.mu.Unlock()
			return errOvertaken
		}
		n, kind := p.log.read(j.end, chunk[pieceHeader:])
		p.mu.Unlock()
		if n == 0 {
			return nil
		}
		chunk[0] = kind
		binary.LittleEndian.PutUint32(chunk[1:], uint32(n))
		if _, err := file.Write(chunk[:pieceHeader+n]); err != nil {
			return err
		}
		j.end += int64(n)
		j.size.Add(int64(pieceHeader + n))
	}
}

var errOvertaken = errors.New("the output came faster than it was written")

// load reads the output back; what was cut off by the end of the machine is left out.
func (j *journal) load() (log ring, ok bool) {
	log.max = logMax
	if j == nil {
		return log, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	fileSlots <- struct{}{}
	defer func() { <-fileSlots }()
	file, err := os.OpenFile(j.base+".log", os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return log, false
	}
	defer file.Close()
	in := bufio.NewReader(io.LimitReader(file, journalMax+2*logMax))
	var head [8]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return log, false
	}
	log.start = max(int64(binary.LittleEndian.Uint64(head[:])), 0)
	log.end = log.start
	log.align()
	for {
		if _, err := io.ReadFull(in, head[:pieceHeader]); err != nil {
			return log, true
		}
		n := binary.LittleEndian.Uint32(head[1:])
		if head[0] != stdout && head[0] != stderr || n > chunkBytes {
			return log, true
		}
		piece := make([]byte, n)
		if _, err := io.ReadFull(in, piece); err != nil {
			return log, true
		}
		log.append(head[0], piece)
	}
}

// bytes is what the output takes on disk, roughly.
func (j *journal) bytes() int64 {
	if j == nil {
		return 0
	}
	return j.size.Load()
}

// removeLog gives the disk space of the output up; the record stays.
func (j *journal) removeLog() {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.size.Store(0)
	_ = os.Remove(j.base + ".log")
}

// remove deletes what is on disk; nothing is written any more.
func (j *journal) remove() {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.gone = true
	for _, end := range []string{".json", ".log", ".log.new", ".json.new"} {
		_ = os.Remove(j.base + end)
	}
}
