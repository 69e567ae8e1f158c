package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// view is the test's end of an attached connection.
type view struct {
	conn   *net.UnixConn
	reader *bufio.Reader
	text   string
	exit   *int
}

func openTerminal(t *testing.T, request object) terminalView {
	t.Helper()
	got := send(t, "POST", "/terminals", request)
	if got.status != 201 {
		t.Fatalf("open: %d %s", got.status, got.body)
	}
	var made terminalView
	must(json.Unmarshal(got.body, &made))
	t.Cleanup(func() { send(t, "DELETE", "/terminals/"+made.ID, nil) })
	return made
}

func attach(t *testing.T, id string) *view {
	t.Helper()
	conn, err := net.Dial("unix", base+"/agent.sock")
	must(err)
	t.Cleanup(func() { conn.Close() })
	must(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	fmt.Fprintf(conn, "GET /terminals/%s/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: miosa-terminal\r\n\r\n", id)
	reader := bufio.NewReader(conn)
	for i := 0; ; i++ {
		line, err := reader.ReadString('\n')
		if err != nil || i == 0 && !strings.Contains(line, " 101 ") {
			t.Fatalf("no 101: %q %v", line, err)
		}
		if line == "\r\n" {
			return &view{conn: conn.(*net.UnixConn), reader: reader}
		}
	}
}

func (v *view) send(what byte, body string) {
	frame := binary.BigEndian.AppendUint32([]byte{what}, uint32(len(body)))
	_, _ = v.conn.Write(append(frame, body...))
}

func (v *view) write(text string) { v.send(frameData, text) }

func (v *view) frame() error {
	var head [5]byte
	if _, err := io.ReadFull(v.reader, head[:]); err != nil {
		return err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[1:]))
	if _, err := io.ReadFull(v.reader, body); err != nil {
		return err
	}
	if head[0] == frameData {
		v.text += string(body)
		return nil
	}
	var message struct {
		Type     string
		ExitCode int
	}
	must(json.Unmarshal(body, &message))
	if message.Type == "exit" {
		v.exit = &message.ExitCode
	}
	return nil
}

// until reads on to where the pattern is seen and returns its first group.
func (v *view) until(t *testing.T, pattern string) string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	for {
		if found := expression.FindStringSubmatch(v.text); found != nil {
			return found[len(found)-1]
		}
		if err := v.frame(); err != nil {
			t.Fatalf("%v before %s in %q", err, pattern, v.text)
		}
	}
}

func (v *view) untilExit(t *testing.T) int {
	t.Helper()
	for v.exit == nil {
		if err := v.frame(); err != nil {
			t.Fatalf("%v before the exit code, after %q", err, v.text)
		}
	}
	return *v.exit
}

func TestATerminalIsOneToItsPrograms(t *testing.T) {
	made := openTerminal(t, object{"shell": "/bin/sh", "cols": 91, "rows": 37, "env": object{"X": "from here"}})
	v := attach(t, made.ID)
	v.write("tty; stty size; echo \"$X $TERM\" $(id -u); ls -ln $(tty)\n")
	v.until(t, `/dev/pts/\d+\r\n37 91\r\nfrom here xterm-256color`)
	if subject.privileged {
		v.until(t, `xterm-256color 1000\r\ncrw-[-w]+ 1 1000 `)
	}
	v.write("trap 'echo size: $(stty size)' WINCH; echo tr$((1))apped\n")
	v.until(t, "tr1apped")
	v.send(frameControl, `{"type":"resize","cols":120,"rows":40}`)
	v.write("echo done\n")
	v.until(t, `40 120`)
	v.write("exit 7\n")
	expect(t, "exit code", v.untilExit(t), 7)
	expectFault(t, send(t, "GET", "/terminals/trm_00000000000000000000000000", nil), "NOT_FOUND")
	late := attach(t, made.ID)
	expect(t, "exit code for who comes late", late.untilExit(t), 7)
}

func TestATerminalLivesWithoutViewersAndReplays(t *testing.T) {
	made := openTerminal(t, object{"shell": "/bin/sh"})
	first := attach(t, made.ID)
	first.write("echo b$((1+1))efore\n")
	first.until(t, "b2efore")
	first.conn.Close()
	second, third := attach(t, made.ID), attach(t, made.ID)
	second.until(t, "b2efore")
	third.until(t, "b2efore")
	second.write("echo a$((2+2))gain\n")
	second.until(t, "a4gain")
	third.until(t, "a4gain")
	eventually(t, "who left is forgotten", func() bool {
		var got terminalView
		must(json.Unmarshal(send(t, "GET", "/terminals/"+made.ID, nil).body, &got))
		return got.Connections == 2
	})
}

func TestTheScrollbackIsBounded(t *testing.T) {
	made := openTerminal(t, object{"shell": "/bin/sh"})
	v := attach(t, made.ID)
	v.write("stty -echo; i=0; while [ $i -lt 20000 ]; do echo line number $i of many, a long one that fills; i=$((i+1)); done; echo e$((1))nd\n")
	v.until(t, "e1nd")
	late := attach(t, made.ID)
	late.until(t, "e1nd")
	if n := len(late.text); n > scrollbackMax || n < scrollbackMax/2 {
		t.Errorf("%d bytes were replayed", n)
	}
}

func TestASlowViewerIsCutAndHoldsNobodyUp(t *testing.T) {
	made := openTerminal(t, object{"shell": "/bin/sh"})
	slow, quick := attach(t, made.ID), attach(t, made.ID)
	quick.write("head -c 4000000 /dev/zero | tr '\\0' x; echo e$((1))nd\n")
	for !strings.HasSuffix(strings.TrimRight(quick.text, "$# \r\n"), "e1nd") {
		quick.text = quick.text[max(0, len(quick.text)-64):]
		must(quick.frame())
	}
	total := 0
	for slow.frame() == nil {
		total += len(slow.text)
		slow.text = ""
	}
	if total > 2_000_000 {
		t.Errorf("the slow viewer was given %d bytes", total)
	}
}

func TestALoneViewerLosesNothingByReadingLate(t *testing.T) {
	made := openTerminal(t, object{"shell": "/bin/sh"})
	v := attach(t, made.ID)
	v.write("stty -echo; echo q$((1))uiet\n")
	v.until(t, "q1uiet")
	v.write("head -c 3000000 /dev/zero | tr '\\0' x; echo e$((1))nd\n")
	time.Sleep(300 * time.Millisecond)
	v.until(t, "e1nd")
	expect(t, "bytes", strings.Count(v.text, "x"), 3_000_000)
}

func TestEndingATerminalKillsItsWholeSession(t *testing.T) {
	made := openTerminal(t, object{"shell": "/bin/sh"})
	v := attach(t, made.ID)
	v.write("set -m; (trap '' HUP TERM; sleep 1000) & echo child $!\n")
	child := v.until(t, `child (\d+)`)
	expect(t, "status", send(t, "DELETE", "/terminals/"+made.ID, nil).status, 200)
	if code := v.untilExit(t); code == 0 {
		t.Errorf("a killed shell ended with 0")
	}
	eventually(t, "no process is left", func() bool { return sessionOf("/proc/"+child) != made.Pid })
	var list struct{ Terminals []terminalView }
	must(json.Unmarshal(send(t, "GET", "/terminals", nil).body, &list))
	for _, one := range list.Terminals {
		if one.ID == made.ID {
			t.Error("an ended terminal is listed")
		}
	}
}

func TestInputThatNobodyReadsHoldsNoViewer(t *testing.T) {
	made := openTerminal(t, object{"shell": "/bin/sh"})
	v := attach(t, made.ID)
	v.write("stty raw -echo; echo re$((1))ady; sleep 1000\n")
	v.until(t, "re1ady")
	for range 8 {
		v.write(strings.Repeat("x", 16<<10))
	}
	v.conn.Close()
	other := attach(t, made.ID)
	other.send(frameControl, `{"type":"resize","cols":33,"rows":44}`)
	eventually(t, "the other is heard, the first is gone", func() bool {
		var got terminalView
		must(json.Unmarshal(send(t, "GET", "/terminals/"+made.ID, nil).body, &got))
		return got.Cols == 33 && got.Connections <= 2
	})
}

func TestTerminalsAreLimitedAndChecked(t *testing.T) {
	for _, bad := range []object{{"cols": 0}, {"rows": 1001}, {"shell": "/no/such"}, {"shell": "nonesuch"}, {"shell": "/etc"}, {"shell": "a\x00b"}, {"cwd": "/no/such"}, {"env": object{"A=B": "c"}}} {
		expectFault(t, send(t, "POST", "/terminals", bad), "VALIDATION_ERROR")
	}
	for range terminalsMax {
		openTerminal(t, object{"shell": "/bin/sh"})
	}
	expectFault(t, send(t, "POST", "/terminals", object{"shell": "/bin/sh"}), "CONFLICT")
}
