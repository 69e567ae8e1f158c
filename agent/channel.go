package main

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// channel is how connections come in where a listening socket of the host cannot be taken over (gVisor lets a host's socket in as a
// descriptor, but accepts on none): a process outside accepts them and passes each over the socket that is this program's standard input.
type channel struct{ socket *net.UnixConn }

// openChannel takes standard input and leaves the null device in its place: nothing that is started later can inherit the channel.
func openChannel() (net.Listener, error) {
	passed := os.NewFile(0, "channel")
	connection, err := net.FileConn(passed)
	if err != nil {
		return nil, errors.New("standard input is not a socket that connections could come over")
	}
	socket, ok := connection.(*net.UnixConn)
	if !ok {
		return nil, errors.New("standard input is not a unix socket")
	}
	return &channel{socket}, syscall.Dup3(nullDescriptor, 0, 0)
}

func (c *channel) Accept() (net.Conn, error) {
	for {
		data, control := make([]byte, 1), make([]byte, syscall.CmsgSpace(4))
		n, used, _, _, err := c.socket.ReadMsgUnix(data, control)
		if err != nil {
			return nil, err
		}
		if n == 0 && used == 0 {
			return nil, net.ErrClosed
		}
		if connection, err := passedConnection(control[:used]); err == nil {
			return connection, nil
		}
		// What is no connection is the passer's mistake, and the next one may be right.
	}
}

func passedConnection(control []byte) (net.Conn, error) {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil || len(messages) != 1 {
		return nil, errors.New("no descriptor was passed")
	}
	descriptors, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(descriptors) != 1 {
		return nil, errors.New("not one descriptor was passed")
	}
	file := os.NewFile(uintptr(descriptors[0]), "connection")
	defer file.Close() // FileConn has a copy
	return net.FileConn(file)
}

func (c *channel) Close() error   { return c.socket.Close() }
func (c *channel) Addr() net.Addr { return c.socket.LocalAddr() }
