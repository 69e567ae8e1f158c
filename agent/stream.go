package main

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	heartbeat = 10 * time.Second
	// streamPatience: a client that takes nothing for this long is cut off, so that it cannot hold the process (it resumes by offset).
	streamPatience = 30 * time.Second
	eventBytes     = 32 << 10 // output bytes per event
)

// execStream starts a process and follows it. Hanging up leaves it running.
func (a *agent) execStream(w http.ResponseWriter, r *http.Request) error {
	var body commandRequest
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	l, err := body.launch(a, defaultTimeout)
	if err != nil {
		return err
	}
	p, err := a.spawn(l)
	if err != nil {
		return err
	}
	reader, err := p.follow(-1)
	if err != nil {
		return err
	}
	a.stream(w, r, reader)
	return nil
}

// streamProcess follows a process from an offset, or from the oldest byte kept.
func (a *agent) streamProcess(w http.ResponseWriter, r *http.Request) error {
	p, err := a.processes.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	offset, err := queryInt(r, "offset", -1, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	reader, err := p.follow(offset)
	if err != nil {
		return err
	}
	a.stream(w, r, reader)
	return nil
}

// stream writes events until the process is finished or the client is gone.
func (a *agent) stream(w http.ResponseWriter, r *http.Request, reader *reader) {
	defer reader.close()
	s := &eventStream{w: w, control: http.NewResponseController(w)}
	defer func() { _ = s.control.SetWriteDeadline(time.Time{}) }() // the connection serves other requests later
	w.Header().Set("Content-Type", "application/x-ndjson")
	s.appendStarted(reader.proc)
	if !s.flush() {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		if more := s.deliver(reader); !more {
			return
		}
		select {
		case <-reader.woke:
		case <-r.Context().Done():
			return
		case <-beat.C:
			s.line = append(s.line, '\n')
			if !s.flush() {
				return
			}
		}
	}
}

// eventStream writes newline-delimited JSON.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	line    []byte
}

// deliver writes all there is. False: the stream is over.
func (s *eventStream) deliver(reader *reader) bool {
	chunk := chunks.Get().(*[chunkBytes]byte)
	defer chunks.Put(chunk)
	for {
		next := reader.next(chunk[:eventBytes])
		if next.again {
			s.appendStarted(reader.proc) // a service runs again
		}
		if next.lost {
			s.line = append(s.line, `{"type":"error","code":"GONE","message":"The output was dropped to free memory."}`+"\n"...)
			s.flush()
			return false
		}
		n := next.n
		// A character cut off at the end waits for its rest, so that text stays text; unless its rest cannot come.
		if whole := completeRunes(chunk[:n]); whole > 0 || (next.atEnd && !next.last) {
			n = whole
		}
		switch {
		case n > 0:
			s.appendOutput(next.kind, reader.at, chunk[:n])
			if !s.flush() {
				return false
			}
			reader.advance(n)
		case next.last:
			s.appendExit(reader.proc)
			s.flush()
			return false
		default:
			return true
		}
	}
}

func (s *eventStream) appendStarted(p *process) {
	s.line = append(s.line, `{"type":"started","processId":"`+p.id+`","pid":`+strconv.Itoa(int(p.pid.Load()))+"}\n"...)
}

func (s *eventStream) appendOutput(kind uint8, offset int64, data []byte) {
	name := "stdout"
	if kind == stderr {
		name = "stderr"
	}
	s.line = append(s.line, `{"type":"`+name+`","data":"`...)
	encoding := "utf8"
	if utf8.Valid(data) {
		s.line = appendText(s.line, data)
	} else {
		encoding = "base64"
		s.line = base64.StdEncoding.AppendEncode(s.line, data)
	}
	s.line = append(s.line, `","offset":`...)
	s.line = strconv.AppendInt(s.line, offset, 10)
	s.line = append(s.line, `,"encoding":"`+encoding+`"}`+"\n"...)
}

func (s *eventStream) appendExit(p *process) {
	p.mu.Lock()
	code, sig := p.outcome()
	timedOut, duration := p.timedOut, max(p.exitedAt.Sub(p.startedAt), 0)
	p.mu.Unlock()
	event, _ := json.Marshal(struct {
		Type       string  `json:"type"`
		ExitCode   *int    `json:"exitCode"`
		Signal     *string `json:"signal"`
		DurationMs int64   `json:"durationMs"`
		TimedOut   bool    `json:"timedOut"`
	}{"exit", code, sig, duration.Milliseconds(), timedOut})
	s.line = append(append(s.line, event...), '\n')
}

// flush sends the line at once. False: the client is gone or does not read.
func (s *eventStream) flush() bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(streamPatience))
	_, err := s.w.Write(s.line)
	s.line = s.line[:0]
	if cap(s.line) > 4<<10 {
		s.line = nil // an idle stream holds no large buffer
	}
	return err == nil && s.control.Flush() == nil
}
