package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

type event struct {
	Type, Data, Encoding, ProcessID, Code string
	Offset                                int64
	ExitCode                              int
	Signal                                *string
	Pid                                   int
}

func (e event) bytes() string {
	if e.Encoding == "base64" {
		raw, err := base64.StdEncoding.DecodeString(e.Data)
		must(err)
		return string(raw)
	}
	return e.Data
}

// eventReader reads a stream one event at a time.
type eventReader struct {
	response *http.Response
	lines    *bufio.Reader
}

func openStream(t *testing.T, method, target, body string) *eventReader {
	t.Helper()
	request, _ := http.NewRequest(method, "http://agent"+target, strings.NewReader(body))
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != 200 {
		t.Fatalf("stream: %d", response.StatusCode)
	}
	t.Cleanup(func() { response.Body.Close() })
	return &eventReader{response, bufio.NewReader(response.Body)}
}

func (r *eventReader) next(t *testing.T) (e event) {
	t.Helper()
	for {
		line, err := r.lines.ReadBytes('\n')
		if err != nil {
			t.Fatalf("the stream ended early: %v", err)
		}
		if len(line) > 1 {
			must(json.Unmarshal(line, &e))
			return e
		}
	}
}

// rest reads to the exit event and puts the output together.
func (r *eventReader) rest(t *testing.T) (out, errs string, exit event) {
	t.Helper()
	var o, e strings.Builder
	for {
		switch got := r.next(t); got.Type {
		case "stdout":
			o.WriteString(got.bytes())
		case "stderr":
			e.WriteString(got.bytes())
		case "exit", "error":
			return o.String(), e.String(), got
		}
	}
}

func TestStreamTellsStartOutputInOrderAndExit(t *testing.T) {
	s := openStream(t, "POST", "/exec/stream", `{"command":"echo a; sleep 0.05; echo b >&2; sleep 0.05; echo c; exit 9"}`)
	first := s.next(t)
	if first.Type != "started" || first.Pid == 0 || !strings.HasPrefix(first.ProcessID, "prc_") {
		t.Fatalf("%+v", first)
	}
	for i, want := range []event{{Type: "stdout", Data: "a\n"}, {Type: "stderr", Data: "b\n", Offset: 2}, {Type: "stdout", Data: "c\n", Offset: 4}} {
		got := s.next(t)
		if got.Type != want.Type || got.Data != want.Data || got.Offset != want.Offset || got.Encoding != "utf8" {
			t.Errorf("event %d: %+v", i, got)
		}
	}
	expect(t, "code", s.next(t).ExitCode, 9)
}

func TestHangUpLeavesTheProcessRunningAndTheStreamResumesFromItsOffset(t *testing.T) {
	s := openStream(t, "POST", "/exec/stream", `{"command":"for i in 1 2 3 4 5 6; do echo line$i; sleep 0.1; done; exit 4"}`)
	id := s.next(t).ProcessID
	seen := s.next(t)
	s.response.Body.Close()
	again := openStream(t, "GET", fmt.Sprintf("/processes/%s/stream?offset=%d", id, seen.Offset+int64(len(seen.Data))), "")
	out, _, exit := again.rest(t)
	expect(t, "whole output", seen.Data+out, "line1\nline2\nline3\nline4\nline5\nline6\n")
	expect(t, "code", exit.ExitCode, 4)
	all, _, _ := openStream(t, "GET", "/processes/"+id+"/stream?offset=0", "").rest(t)
	expect(t, "replay after the end", all, seen.Data+out)
}

func TestOverwrittenOffsetIsGone(t *testing.T) {
	view := start(t, object{"command": "head -c 3000000 /dev/zero"})
	eventually(t, "end", func() bool { return lookUp(t, view.ID).State == "exited" })
	expectFault(t, send(t, "GET", "/processes/"+view.ID+"/stream?offset=0", nil), "GONE")
	expectFault(t, send(t, "GET", "/processes/"+view.ID+"/stream?offset=99999999", nil), "VALIDATION_ERROR")
	expect(t, "truncated", lookUp(t, view.ID).LogTruncated, true)
	expect(t, "bytes", lookUp(t, view.ID).LogBytes, 3000000)
	out, _, _ := openStream(t, "GET", fmt.Sprintf("/processes/%s/stream?offset=%d", view.ID, 3000000-logMax), "").rest(t)
	expect(t, "the last MiB is there", len(out), logMax)
}

func TestSlowReaderLosesNothing(t *testing.T) {
	const lines = 600_000
	s := openStream(t, "POST", "/exec/stream", fmt.Sprintf(`{"command":"seq %d"}`, lines))
	s.next(t)
	time.Sleep(300 * time.Millisecond) // far more than a ring is written meanwhile
	out, _, exit := s.rest(t)
	expect(t, "code", exit.ExitCode, 0)
	if !strings.HasSuffix(out, fmt.Sprintf("\n%d\n", lines)) || strings.Count(out, "\n") != lines {
		t.Errorf("%d lines of %d arrived", strings.Count(out, "\n"), lines)
	}
}

func TestBinaryIsBase64AndSplitCharactersStayText(t *testing.T) {
	s := openStream(t, "POST", "/exec/stream", `{"command":"printf 'a\\303'; sleep 0.2; printf '\\251b'; sleep 0.2; printf '\\377'; sleep 0.2; printf '\\342\\202'"}`)
	s.next(t)
	var got []string
	for {
		e := s.next(t)
		if e.Type == "exit" {
			break
		}
		got = append(got, e.Encoding+":"+e.bytes())
	}
	expect(t, "events", strings.Join(got, "|"), "utf8:a|utf8:éb|base64:\xff|base64:\xe2\x82")
}

func TestLongTextIsCutBetweenCharacters(t *testing.T) {
	s := openStream(t, "POST", "/exec/stream", `{"command":"yes 'x€é' | head -n 60000"}`)
	s.next(t)
	for {
		e := s.next(t)
		if e.Type == "exit" {
			break
		}
		expect(t, "encoding", e.Encoding, "utf8")
	}
}

func TestProcessLifeFromStartToDeletion(t *testing.T) {
	view := start(t, object{"command": []string{"cat"}, "name": "echoer"})
	expect(t, "state", view.State, "running")
	expect(t, "name", *view.Name, "echoer")
	send(t, "POST", "/processes/"+view.ID+"/stdin", object{"data": "one\ntwo\n"})
	eventually(t, "echo", func() bool { return lookUp(t, view.ID).LogBytes == 8 })
	logs := send(t, "GET", "/processes/"+view.ID+"/logs?tail=1", nil)
	expect(t, "logs", strings.TrimSpace(string(logs.body)), `{"stderr":"","stdout":"two\n","truncated":true}`)
	expect(t, "stop", send(t, "POST", "/processes/"+view.ID+"/signal", object{"signal": "STOP"}).status, 200)
	expectFault(t, send(t, "POST", "/processes/"+view.ID+"/signal", object{"signal": "SEGV"}), "VALIDATION_ERROR")
	expect(t, "stopped ones are deleted too", send(t, "DELETE", "/processes/"+view.ID, nil).status, 200)
	expectFault(t, send(t, "GET", "/processes/"+view.ID, nil), "NOT_FOUND")
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", view.Pid)); err == nil {
		t.Error("the process is still there")
	}
}

func TestStdinEndsWithEofAndIsRefusedAfterTheExit(t *testing.T) {
	view := start(t, object{"command": []string{"cat"}, "stdin": "a"})
	expect(t, "eof", send(t, "POST", "/processes/"+view.ID+"/stdin", object{"dataBase64": "Yg==", "eof": true}).status, 200)
	eventually(t, "exit", func() bool { return lookUp(t, view.ID).State == "exited" })
	expect(t, "code", *lookUp(t, view.ID).ExitCode, 0)
	expectFault(t, send(t, "POST", "/processes/"+view.ID+"/stdin", object{"data": "c"}), "CONFLICT")
	expectFault(t, send(t, "POST", "/processes/"+view.ID+"/signal", object{"signal": "TERM"}), "CONFLICT")
}

func TestFinishedRecordsAndTheirOutputAreBounded(t *testing.T) {
	for range keepProcesses + 20 {
		start(t, object{"command": []string{"head", "-c", "70000", "/dev/zero"}})
	}
	eventually(t, "all finished and old ones forgotten", func() bool {
		subject.processes.mu.Lock()
		defer subject.processes.mu.Unlock()
		return len(subject.processes.byID) <= keepProcesses+keepExecs && subject.processes.logBytes <= keepLogBytes
	})
	held := 0
	for _, p := range subject.processes.list() {
		p.mu.Lock()
		held += p.log.held()
		p.mu.Unlock()
	}
	if held > keepLogBytes+logMax {
		t.Errorf("finished processes hold %d bytes", held)
	}
}
