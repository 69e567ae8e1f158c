package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strconv"
)

// exec runs a command to its end and answers with the heads of its output.
func (a *agent) exec(w http.ResponseWriter, r *http.Request) error {
	var body commandRequest
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	l, err := body.launch(a, defaultTimeout)
	if err != nil {
		return err
	}
	l.brief = true
	p, err := a.spawn(l)
	if err != nil {
		return err
	}
	defer p.abandon()
	select {
	case <-p.done:
		writeResult(w, p)
	case <-r.Context().Done(): // the caller hung up; the command goes on until its timeout
	}
	return nil
}

// writeResult streams the answer, so that large output is not held twice.
func writeResult(w http.ResponseWriter, p *process) {
	p.mu.Lock()
	captures := *p.captures // taken over: background children may go on writing, but no longer into these
	p.captures = nil
	code, sig := p.outcome()
	timedOut, duration := p.timedOut, p.exitedAt.Sub(p.startedAt)
	p.mu.Unlock()
	defer captures[0].release()
	defer captures[1].release()

	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriterSize(w, 2<<10)
	_, _ = out.WriteString(`{"stdout":`)
	_ = writeText(out, captures[0].data)
	_, _ = out.WriteString(`,"stderr":`)
	_ = writeText(out, captures[1].data)
	tail, _ := json.Marshal(struct {
		ExitCode   *int    `json:"exitCode"`
		Signal     *string `json:"signal"`
		DurationMs int64   `json:"durationMs"`
		TimedOut   bool    `json:"timedOut"`
		Truncated  bool    `json:"truncated"`
		ProcessID  string  `json:"processId"`
	}{code, sig, duration.Milliseconds(), timedOut, captures[0].cut || captures[1].cut, p.id})
	_ = out.WriteByte(',')
	_, _ = out.Write(tail[1:])
	_ = out.Flush()
}

// queryInt reads an optional integer query parameter.
func queryInt(r *http.Request, name string, fallback, low, high int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, invalid(name, "must be an integer from %d to %d", low, high)
	}
	return n, nil
}

// queryBool reads an optional boolean query parameter.
func queryBool(r *http.Request, name string, fallback bool) (bool, error) {
	switch r.URL.Query().Get(name) {
	case "":
		return fallback, nil
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, invalid(name, "must be true or false")
}
