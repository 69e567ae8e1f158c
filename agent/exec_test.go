package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestExitCodeIsTheOneFromWait(t *testing.T) {
	expect(t, "code", execute(t, object{"command": "exit 42"}).ExitCode, 42)
	expect(t, "code", execute(t, object{"command": []string{"/bin/true"}}).ExitCode, 0)
}

func TestDeathBySignalIs128PlusNumber(t *testing.T) {
	got := execute(t, object{"command": []string{"/bin/sh", "-c", "kill -SEGV $$"}})
	expect(t, "code", got.ExitCode, 128+11)
	expect(t, "signal", *got.Signal, "SEGV")
}

func TestUnknownCommandIs127AndNotExecutableIs126(t *testing.T) {
	expect(t, "unknown", execute(t, object{"command": []string{"no-such-command"}}).ExitCode, 127)
	expect(t, "unknown path", execute(t, object{"command": []string{"/no/such"}}).ExitCode, 127)
	expect(t, "not executable", execute(t, object{"command": []string{"/etc/passwd"}}).ExitCode, 126)
	expect(t, "in shell", execute(t, object{"command": "no-such-command"}).ExitCode, 127)
}

func TestStreamsStayApartAndStdinArrives(t *testing.T) {
	got := execute(t, object{"command": "cat; echo problem >&2", "stdin": "hello é\n"})
	expect(t, "stdout", got.Stdout, "hello é\n")
	expect(t, "stderr", got.Stderr, "problem\n")
	expect(t, "base64", execute(t, object{"command": []string{"cat"}, "stdinBase64": "aGk="}).Stdout, "hi")
	expect(t, "without stdin cat ends at once", execute(t, object{"command": []string{"cat"}}).ExitCode, 0)
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	expect(t, "stdout", execute(t, object{"command": `printf 'a\377b\001"\\'`}).Stdout, "a\uFFFDb\x01\"\\")
}

func TestRunsAsSandboxOrRoot(t *testing.T) {
	needRoot(t)
	expect(t, "default", execute(t, object{"command": []string{"id", "-u"}}).Stdout, "1000\n")
	// Its own group, and the one that all that descends from this command has.
	groups := strings.Fields(execute(t, object{"command": []string{"id", "-G"}}).Stdout)
	if mark, _ := strconv.Atoi(groups[len(groups)-1]); len(groups) != 2 || groups[0] != "1000" || mark < firstMark || mark > lastMark {
		t.Error("groups: ", groups)
	}
	expect(t, "root", execute(t, object{"command": []string{"id", "-u"}, "user": "root"}).Stdout, "0\n")
	expectFault(t, send(t, "POST", "/exec", object{"command": "true", "user": "daemon"}), "VALIDATION_ERROR")
	expect(t, "own stdout can be opened by name", execute(t, object{"command": "echo x > /dev/stdout"}).Stdout, "x\n")
}

func TestEnvironmentLayers(t *testing.T) {
	send(t, "PUT", "/env", object{"vars": object{"A": "base", "B": "base"}})
	defer send(t, "PUT", "/env", object{"vars": object{}})
	got := execute(t, object{"command": []string{"/bin/sh", "-c", "echo $A $B $LANG $HOME $USER; pwd"}, "env": object{"B": "call"}})
	expect(t, "out", got.Stdout, "base call C.UTF-8 "+base+" sandbox\n"+base+"/workspace\n")
	expectFault(t, send(t, "PUT", "/env", object{"vars": object{"A=B": "x"}}), "VALIDATION_ERROR")
	expectFault(t, send(t, "PUT", "/env", object{"vars": object{"A": 1}}), "VALIDATION_ERROR")
}

func TestBadRequestsAreRefusedWithTheFittingCode(t *testing.T) {
	expectFault(t, send(t, "POST", "/exec", "{"), "BAD_REQUEST")
	expectFault(t, send(t, "POST", "/exec", `{"command":"true"} x`), "BAD_REQUEST")
	for _, body := range []string{`{}`, `{"command":""}`, `{"command":[]}`, `{"command":3}`, `{"command":[""]}`, `{"command":["a",1]}`,
		`{"command":"a\u0000b"}`, `{"command":"true","cwd":"/no/such/folder"}`, `{"command":"true","cwd":"a\u0000"}`,
		`{"command":"true","timeoutMs":0}`, `{"command":"true","timeoutMs":90000000}`, `{"command":"true","timeoutMs":"1"}`,
		`{"command":"true","stdin":"a","stdinBase64":"YQ=="}`, `{"command":"true","stdinBase64":"?"}`, `{"command":"true","env":{"A":"\u0000"}}`} {
		if got := send(t, "POST", "/exec", body); got.code() != "VALIDATION_ERROR" {
			t.Errorf("%s: got %d %s", body, got.status, got.body)
		}
	}
	expectFault(t, send(t, "POST", "/exec", object{"command": "true", "stdin": strings.Repeat("x", maxJSON)}), "PAYLOAD_TOO_LARGE")
	expectFault(t, send(t, "GET", "/nothing", nil), "NOT_FOUND")
	got := send(t, "PATCH", "/env", nil)
	expectFault(t, got, "METHOD_NOT_ALLOWED")
	expect(t, "allow", got.header.Get("Allow"), "PUT")
}

func TestTimeoutEndsTheWholeGroup(t *testing.T) {
	dir := folder(t)
	got := execute(t, object{"command": "sleep 1000 & echo $! > pid; wait", "cwd": dir, "timeoutMs": 200})
	expect(t, "timed out", got.TimedOut, true)
	expect(t, "code", got.ExitCode, 143)
	pid, _ := os.ReadFile(dir + "/pid")
	eventually(t, "the grandchild is gone", func() bool {
		_, err := os.Stat("/proc/" + strings.TrimSpace(string(pid)))
		return err != nil
	})
}

func TestTimeoutReportsTheRealStatusOfAProcessThatHandlesTerm(t *testing.T) {
	got := execute(t, object{"command": []string{"/bin/sh", "-c", `trap 'exit 7' TERM; while :; do sleep 0.01; done`}, "timeoutMs": 100})
	expect(t, "timed out", got.TimedOut, true)
	expect(t, "code", got.ExitCode, 7)
}

func TestTimeoutKillsWhatIgnoresTermAndWakesWhatIsStopped(t *testing.T) {
	var group sync.WaitGroup
	group.Go(func() {
		got := execute(t, object{"command": []string{"/bin/sh", "-c", `trap '' TERM; while :; do sleep 0.05; done`}, "timeoutMs": 100})
		expect(t, "ignores TERM", got.ExitCode, 137)
	})
	group.Go(func() {
		got := execute(t, object{"command": []string{"/bin/sh", "-c", `kill -STOP $$; sleep 100`}, "timeoutMs": 100})
		expect(t, "stopped", got.ExitCode, 143)
	})
	group.Wait()
}

func TestGrandchildHoldingThePipeDoesNotHoldTheAnswer(t *testing.T) {
	done := make(chan execResult, 1)
	go func() { done <- execute(t, object{"command": "echo first; sleep 4 & exit 5"}) }()
	select {
	case got := <-done:
		expect(t, "code", got.ExitCode, 5)
		expect(t, "stdout", got.Stdout, "first\n")
	case <-time.After(3 * time.Second):
		t.Fatal("the answer waited for the grandchild")
	}
}

func TestGrandchildKeepsAnOpenPipeAfterTheAnswer(t *testing.T) {
	dir := folder(t)
	execute(t, object{"command": "(sleep 0.5; echo late && echo alive > proof) & exit 0", "cwd": dir})
	eventually(t, "the background child could write", func() bool { _, err := os.Stat(dir + "/proof"); return err == nil })
}

func TestOutputFloodIsCutAtConstantMemory(t *testing.T) {
	before := residentBytes(t)
	got := execute(t, object{"command": "head -c 1073741824 /dev/zero | tr '\\0' x; echo end >&2"})
	expect(t, "truncated", got.Truncated, true)
	expect(t, "kept", len(got.Stdout), captureMax)
	expect(t, "stderr", got.Stderr, "end\n")
	expect(t, "code", got.ExitCode, 0)
	if grown := residentBytes(t) - before; grown > 100<<20 { // agent, client and race detector together
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	expect(t, "captures are given back", captured.Load(), 0)
}

func residentBytes(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	must(err)
	var size, resident int
	_, _ = fmt.Sscan(string(text), &size, &resident)
	return resident * os.Getpagesize()
}

func TestParallelExecsEachGetTheirOwnCode(t *testing.T) {
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			got := execute(t, object{"command": []string{"/bin/sh", "-c", fmt.Sprintf("echo %d; exit %d", i, i)}})
			if got.ExitCode != i || got.Stdout != fmt.Sprintf("%d\n", i) {
				t.Errorf("exec %d: %+v", i, got)
			}
		})
	}
	group.Wait()
}

func TestClientHangUpLeavesTheCommandRunning(t *testing.T) {
	dir := folder(t)
	ctx, cancel := context.WithCancel(context.Background())
	request, _ := http.NewRequestWithContext(ctx, "POST", "http://agent/exec",
		strings.NewReader(`{"command":"touch begun; sleep 0.5; touch ended","cwd":"`+dir+`"}`))
	go func() {
		eventually(t, "begun", func() bool { _, err := os.Stat(dir + "/begun"); return err == nil })
		cancel()
	}()
	if _, err := client.Do(request); err == nil {
		t.Fatal("the call was not cut")
	}
	eventually(t, "the command went on", func() bool { _, err := os.Stat(dir + "/ended"); return err == nil })
	eventually(t, "its capture is dropped", func() bool { return captured.Load() == 0 })
}

func TestCommandsAreEndedBeforeTheAgentWhenMemoryRunsOut(t *testing.T) {
	view := start(t, object{"command": []string{"sleep", "100"}})
	score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", view.Pid))
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("/proc/self/oom_score_adj")
	must(err)
	var command, agent int
	_, _ = fmt.Sscan(string(score)+" "+string(own), &command, &agent)
	if command <= agent {
		t.Errorf("command %d, agent %d", command, agent)
	}
}
