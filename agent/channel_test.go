package main

import (
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

func channelPair(t *testing.T) (*channel, *os.File) {
	t.Helper()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	inside := os.NewFile(uintptr(pair[0]), "inside")
	connection, err := net.FileConn(inside)
	if err != nil {
		t.Fatal(err)
	}
	inside.Close()
	c := &channel{connection.(*net.UnixConn)}
	outside := os.NewFile(uintptr(pair[1]), "outside")
	t.Cleanup(func() { c.Close(); outside.Close() })
	return c, outside
}

func TestConnectionsComeOverTheChannel(t *testing.T) {
	c, outside := channelPair(t)
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	near := os.NewFile(uintptr(ends[0]), "near")
	defer near.Close()
	// A message without a descriptor does not end the service.
	if err := syscall.Sendmsg(int(outside.Fd()), []byte{0}, nil, nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Sendmsg(int(outside.Fd()), []byte{0}, syscall.UnixRights(ends[1]), nil, 0); err != nil {
		t.Fatal(err)
	}
	syscall.Close(ends[1])
	accepted, err := c.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := near.Write([]byte("salve")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(accepted, got); err != nil || string(got) != "salve" {
		t.Fatalf("%q %v", got, err)
	}
	accepted.Close()
	if _, err := io.ReadAll(near); err != nil {
		t.Fatal(err)
	}
}

func TestTheChannelEndsWithItsOtherEnd(t *testing.T) {
	c, outside := channelPair(t)
	outside.Close()
	if _, err := c.Accept(); err == nil {
		t.Fatal("accepted from nobody")
	}
}
