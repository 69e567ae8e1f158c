package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// serve runs an app on a loopback address.
func serve(t *testing.T, address string, app func(*net.TCPConn)) int {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip("cannot listen on", address, err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go app(conn.(*net.TCPConn))
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

// openTunnel returns the raw connection behind the 101.
func openTunnel(t *testing.T, port int, early string) (*net.UnixConn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("unix", base+"/agent.sock")
	must(err)
	t.Cleanup(func() { conn.Close() })
	must(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	fmt.Fprintf(conn, "GET /tunnel/%d HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: miosa-tunnel\r\n\r\n%s", port, early)
	reader := bufio.NewReader(conn)
	for i := 0; ; i++ {
		line, err := reader.ReadString('\n')
		if err != nil || i == 0 && !strings.Contains(line, " 101 ") {
			t.Fatalf("no 101: %q %v", line, err)
		}
		if line == "\r\n" {
			return conn.(*net.UnixConn), reader
		}
	}
}

func echo(conn *net.TCPConn) {
	_, _ = io.Copy(struct{ io.Writer }{conn}, struct{ io.Reader }{conn})
	_, _ = conn.Write([]byte("END"))
	_ = conn.Close()
}

func TestTunnelCarriesBytesBothWaysAndHalfCloses(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		port := serve(t, address, echo)
		conn, reader := openTunnel(t, port, "early ")
		data := bytes.Repeat([]byte("0123456789"), 300_000)
		go func() {
			_, _ = conn.Write(data)
			_ = conn.CloseWrite()
		}()
		got, err := io.ReadAll(reader)
		must(err)
		if string(got) != "early "+string(data)+"END" {
			t.Errorf("%s: %d bytes came back", address, len(got))
		}
	}
}

func TestTunnelEndsForTheAppWhenTheClientGoes(t *testing.T) {
	ended := make(chan struct{})
	port := serve(t, "127.0.0.1:0", func(conn *net.TCPConn) {
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
		close(ended)
	})
	conn, _ := openTunnel(t, port, "")
	conn.Close()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the app's connection stayed open")
	}
}

func TestTunnelToNothingIsUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	target := "/tunnel/" + strconv.Itoa(port)
	expectFault(t, send(t, "GET", target, nil, "Connection", "Upgrade", "Upgrade", "miosa-tunnel"), "UPSTREAM_UNREACHABLE")
	expectFault(t, send(t, "GET", target, nil), "BAD_REQUEST")
	for _, bad := range []string{"0", "65536", "-1", "+80", "80x", "٨٠"} {
		expectFault(t, send(t, "GET", "/tunnel/"+bad, nil, "Connection", "Upgrade", "Upgrade", "miosa-tunnel"), "VALIDATION_ERROR")
	}
}

func TestIdleTunnelsHoldNoBuffers(t *testing.T) {
	port := serve(t, "127.0.0.1:0", echo)
	before := residentBytes(t)
	for range 100 {
		openTunnel(t, port, "")
	}
	if grown := residentBytes(t) - before; grown > 100*(64<<10) { // both ends and the app are in this process
		t.Errorf("100 idle tunnels cost %d KiB", grown>>10)
	}
}

func TestPortsAreListedWithTheirProcess(t *testing.T) {
	port := serve(t, "127.0.0.1:0", echo)
	var got struct{ Ports []portView }
	must(json.Unmarshal(send(t, "GET", "/ports", nil).body, &got))
	for _, p := range got.Ports {
		if p.Port == port {
			expect(t, "address", p.Address, "127.0.0.1")
			return
		}
	}
	t.Errorf("port %d is not in %+v", port, got.Ports)
}

func TestAddressesAreDecoded(t *testing.T) {
	expect(t, "v4", decodeAddress("0100007F"), "127.0.0.1")
	expect(t, "v6", decodeAddress("00000000000000000000000001000000"), "::1")
	expect(t, "any", decodeAddress("00000000000000000000000000000000"), "::")
}
