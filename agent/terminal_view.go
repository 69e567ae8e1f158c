package main

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Frames of an attached connection, both ways: one byte what, four bytes length (big endian), the bytes.
const (
	frameData    = 'd' // output, or what is typed
	frameControl = 'j' // a JSON object with type
	frameMax     = 1 << 20
	viewersMax   = 32 // of one terminal
	// viewBeat: an empty frame after that long without output, so that a connection whose other end is gone is noticed.
	viewBeat  = 10 * time.Second
	viewChunk = 32 << 10
)

// viewer is one attached connection. It has no buffer of its own: it reads the scrollback from where it is, and is cut when that is overwritten.
type viewer struct {
	terminal *terminal
	conn     net.Conn
	at       int64         // offset of the next byte for it; guarded by terminal.mu
	woke     chan struct{} // capacity 1
}

func (v *viewer) wake() {
	select {
	case v.woke <- struct{}{}:
	default:
	}
}

// attachTerminal turns the connection into a view of the terminal: the scrollback, then what comes.
func (a *agent) attachTerminal(w http.ResponseWriter, r *http.Request) error {
	t, err := a.terminals.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "miosa-terminal") || !strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade") {
		return newFault("BAD_REQUEST", "Attaching needs the headers Connection: Upgrade and Upgrade: miosa-terminal.")
	}
	t.mu.Lock()
	crowded := len(t.viewers) >= viewersMax
	t.mu.Unlock()
	if crowded {
		return newFault("CONFLICT", "%d connections to this terminal are open, which is the most there can be.", viewersMax)
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Time{})
	early := takeBuffered(buffered.Reader)
	v := &viewer{terminal: t, conn: conn, woke: make(chan struct{}, 1)}
	t.mu.Lock()
	v.at = t.output.start
	t.viewers[v] = struct{}{}
	t.usedAt = time.Now()
	t.mu.Unlock()
	go v.show()
	go v.listen(early)
	return nil
}

// leave ends a view; what it has half typed is given up.
func (v *viewer) leave() {
	t := v.terminal
	_ = v.conn.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.viewers, v)
	t.usedAt = time.Now()
	if t.writer == v {
		_ = t.master.SetWriteDeadline(time.Now())
	}
	t.room.Broadcast()
}

// show sends the output, and after its end how the shell ended.
func (v *viewer) show() {
	defer v.leave()
	if _, err := v.conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: miosa-terminal\r\n\r\n")); err != nil {
		return
	}
	var buffer []byte
	quiet := time.NewTimer(viewBeat)
	defer quiet.Stop()
	for {
		if buffer == nil {
			buffer = make([]byte, 5+viewChunk)
		}
		n, end, ok := v.next(buffer[5:])
		switch {
		case !ok:
			return
		case n > 0:
			if !v.send(frameData, buffer[:5+n]) {
				return
			}
			v.terminal.took(v, n)
		case end != nil:
			v.send(frameControl, append(make([]byte, 5), end...))
			return
		default:
			buffer = nil // an idle view costs two stacks
			quiet.Reset(viewBeat)
			select {
			case <-v.woke:
			case <-quiet.C:
				if !v.send(frameData, make([]byte, 5)) {
					return
				}
			}
		}
	}
}

// next copies what follows; end is set when nothing can; not ok: the bytes are overwritten, or the view was cut.
func (v *viewer) next(into []byte) (n int, end []byte, ok bool) {
	t := v.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, here := t.viewers[v]; !here || v.at < t.output.start {
		return 0, nil, false
	}
	if n, _ = t.output.read(v.at, into); n > 0 || !t.finished {
		return n, nil, true
	}
	code, signal := t.outcome()
	end, _ = json.Marshal(map[string]any{"type": "exit", "exitCode": code, "signal": signal})
	return 0, end, true
}

// took frees what was delivered.
func (t *terminal) took(v *viewer, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v.at += int64(n)
	t.room.Broadcast()
}

// send writes a frame whose first five bytes are room for its head.
func (v *viewer) send(what byte, frame []byte) bool {
	frame[0] = what
	binary.BigEndian.PutUint32(frame[1:5], uint32(len(frame)-5))
	_, err := v.conn.Write(frame)
	return err == nil
}

// listen takes what the viewer types and says until it goes.
func (v *viewer) listen(early []byte) {
	defer v.leave()
	from := io.MultiReader(strings.NewReader(string(early)), v.conn)
	var head [5]byte
	for {
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return
		}
		size := binary.BigEndian.Uint32(head[1:])
		if size > frameMax {
			return
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(from, body); err != nil {
			return
		}
		switch head[0] {
		case frameData:
			if len(body) > 0 && v.terminal.write(v, body) != nil {
				return
			}
		case frameControl:
			if !v.control(body) {
				return
			}
		default:
			return
		}
	}
}

// control obeys a message; unknown ones are left to later versions.
func (v *viewer) control(body []byte) bool {
	var message struct {
		Type       string
		Cols, Rows int
	}
	if json.Unmarshal(body, &message) != nil {
		return false
	}
	if message.Type != "resize" {
		return true
	}
	size, err := sizeOf(message.Cols, message.Rows)
	if err != nil {
		return false
	}
	v.terminal.resize(size)
	return true
}
