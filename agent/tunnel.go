package main

import (
	"bufio"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dialPatience bounds the wait for an app whose accept queue is full; a port without a listener is refused at once.
const dialPatience = 5 * time.Second

// tunnel turns the connection into a byte pipe to a port on the sandbox's loopback.
func (a *agent) tunnel(w http.ResponseWriter, r *http.Request) error {
	port, err := strconv.ParseUint(r.PathValue("port"), 10, 16)
	if err != nil || port == 0 {
		return invalid("port", "must be an integer from 1 to 65535")
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "miosa-tunnel") || !strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade") {
		return newFault("BAD_REQUEST", "A tunnel needs the headers Connection: Upgrade and Upgrade: miosa-tunnel.")
	}
	app, err := dialLoopback(strconv.FormatUint(port, 10))
	if err != nil {
		f := newFault("UPSTREAM_UNREACHABLE", "Nothing is listening on port %d.", port)
		f.details = map[string]any{"port": port}
		return f
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = app.Close()
		return err
	}
	client, ok := conn.(halfCloser)
	if !ok {
		_ = app.Close()
		_ = conn.Close()
		return nil
	}
	// Both directions run in goroutines of their own and the handler returns, so that the HTTP server's buffers are freed.
	startTunnel(client, app, takeBuffered(buffered.Reader))
	return nil
}

// dialLoopback tries IPv4, then IPv6: dev servers bind either.
func dialLoopback(port string) (*net.TCPConn, error) {
	dialer := net.Dialer{Timeout: dialPatience}
	conn, err := dialer.Dial("tcp4", "127.0.0.1:"+port)
	if err != nil {
		if conn, err = dialer.Dial("tcp6", "[::1]:"+port); err != nil {
			return nil, err
		}
	}
	return conn.(*net.TCPConn), nil
}

// takeBuffered is what the client sent right behind its request.
func takeBuffered(reader *bufio.Reader) []byte {
	early := make([]byte, reader.Buffered())
	n, _ := reader.Read(early)
	return early[:n]
}

// halfCloser is a TCP or unix stream: each direction ends on its own.
type halfCloser interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

func startTunnel(client, app halfCloser, early []byte) {
	_ = client.SetDeadline(time.Time{})
	ended := make(chan struct{}, 1)
	finish := func() {
		select {
		case ended <- struct{}{}: // the first direction to end leaves closing to the second
		default:
			_ = client.Close()
			_ = app.Close()
		}
	}
	go func() {
		defer finish()
		_, err := client.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: miosa-tunnel\r\n\r\n"))
		if err == nil {
			move(client, app)
		}
	}()
	go func() {
		defer finish()
		if len(early) > 0 {
			if _, err := app.Write(early); err != nil {
				return
			}
		}
		move(app, client)
	}()
}

// move copies until the source ends and passes the end on. The buffer is taken only when there is something to read: an idle tunnel (a
// WebSocket, a held request) costs two small stacks. io.Copy would splice, which holds a pipe of 1 MiB capacity per direction for as
// long as the tunnel lives and uses up the kernel's pipe quota of the user, on which every exec depends.
func move(to, from halfCloser) {
	conn, err := from.SyscallConn()
	if err != nil {
		return
	}
	for {
		var chunk *[chunkBytes]byte
		var n int
		var failure error
		err := conn.Read(func(fd uintptr) bool {
			chunk = chunks.Get().(*[chunkBytes]byte)
			n, failure = syscall.Read(int(fd), chunk[:])
			if failure == syscall.EAGAIN || failure == syscall.EINTR {
				chunks.Put(chunk)
				chunk = nil
				return failure == syscall.EINTR
			}
			return true
		})
		if err == nil && failure == syscall.EINTR {
			continue
		}
		if err == nil && n > 0 {
			_, err = to.Write(chunk[:n])
		}
		if chunk != nil {
			chunks.Put(chunk)
		}
		if err != nil || failure != nil {
			// A reset or a vanished peer ends both directions.
			_ = to.Close()
			_ = from.Close()
			return
		}
		if n == 0 {
			_ = to.CloseWrite()
			return
		}
	}
}
