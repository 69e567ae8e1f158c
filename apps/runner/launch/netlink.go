package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// netlink is the little of rtnetlink(7) that a slot needs: one socket bound to the network namespace it was opened in.
type netlink struct {
	fd       int
	sequence atomic.Uint32
}

func openNetlink() (*netlink, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &netlink{fd: fd}, nil
}

func (n *netlink) close() { unix.Close(n.fd) }

func attribute(kind uint16, value []byte) []byte {
	length := 4 + len(value)
	out := make([]byte, (length+3)&^3)
	binary.NativeEndian.PutUint16(out, uint16(length))
	binary.NativeEndian.PutUint16(out[2:], kind)
	copy(out[4:], value)
	return out
}

func word(value uint32) []byte { return binary.NativeEndian.AppendUint32(nil, value) }

func text(value string) []byte { return append([]byte(value), 0) }

func concat(parts ...[]byte) []byte {
	var out []byte
	for _, part := range parts {
		out = append(out, part...)
	}
	return out
}

// request sends one message and returns the payload of the first answer, or the kernel's error.
func (n *netlink) request(kind, flags uint16, body []byte) ([]byte, error) {
	head := make([]byte, 16, 16+len(body))
	binary.NativeEndian.PutUint32(head, uint32(16+len(body)))
	binary.NativeEndian.PutUint16(head[4:], kind)
	binary.NativeEndian.PutUint16(head[6:], flags|unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	binary.NativeEndian.PutUint32(head[8:], n.sequence.Add(1))
	if err := unix.Sendto(n.fd, append(head, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	var answer []byte
	buffer := make([]byte, 32<<10)
	for {
		read, _, err := unix.Recvfrom(n.fd, buffer, 0)
		if err != nil {
			return nil, err
		}
		for rest := buffer[:read]; len(rest) >= 16; {
			length := binary.NativeEndian.Uint32(rest)
			if length < 16 || int(length) > len(rest) {
				return nil, errors.New("netlink: short message")
			}
			if binary.NativeEndian.Uint16(rest[4:]) == unix.NLMSG_ERROR {
				if code := int32(binary.NativeEndian.Uint32(rest[16:])); code != 0 {
					return nil, unix.Errno(-code)
				}
				return answer, nil
			}
			answer = append([]byte(nil), rest[16:length]...)
			rest = rest[min((int(length)+3)&^3, len(rest)):]
		}
	}
}

// createPair makes a veth pair: `inner` here, `outer` in the namespace of the descriptor.
func (n *netlink) createPair(inner, outer string, outerNamespace int) error {
	link := make([]byte, unix.SizeofIfInfomsg)
	const vethPeer = 1
	peer := concat(link, attribute(unix.IFLA_IFNAME, text(outer)), attribute(unix.IFLA_NET_NS_FD, word(uint32(outerNamespace))))
	body := concat(link, attribute(unix.IFLA_IFNAME, text(inner)), attribute(unix.IFLA_LINKINFO,
		concat(attribute(unix.IFLA_INFO_KIND, []byte("veth")), attribute(unix.IFLA_INFO_DATA, attribute(vethPeer, peer)))))
	_, err := n.request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, body)
	return err
}

func (n *netlink) indexOf(name string) (int32, error) {
	answer, err := n.request(unix.RTM_GETLINK, 0, concat(make([]byte, unix.SizeofIfInfomsg), attribute(unix.IFLA_IFNAME, text(name))))
	if err != nil {
		return 0, fmt.Errorf("link %s: %w", name, err)
	}
	return int32(binary.NativeEndian.Uint32(answer[4:])), nil
}

func linkMessage(index int32, flags, change uint32) []byte {
	message := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(message[4:], uint32(index))
	binary.NativeEndian.PutUint32(message[8:], flags)
	binary.NativeEndian.PutUint32(message[12:], change)
	return message
}

func (n *netlink) up(index int32) error {
	_, err := n.request(unix.RTM_NEWLINK, 0, linkMessage(index, unix.IFF_UP, unix.IFF_UP))
	return err
}

// withoutIPv6 keeps the kernel from giving the link an fe80:: address of its own: no way to the host's IPv6 services, and no change of the host's
// addresses a second later, at which browsers on the host break off what they are connecting.
func (n *netlink) withoutIPv6(index int32) error {
	const addressGenerationNone = 1
	family := attribute(unix.AF_INET6, attribute(unix.IFLA_INET6_ADDR_GEN_MODE, []byte{addressGenerationNone}))
	_, err := n.request(unix.RTM_NEWLINK, 0, concat(linkMessage(index, 0, 0), attribute(unix.IFLA_AF_SPEC, family)))
	if errors.Is(err, unix.EAFNOSUPPORT) {
		return nil // a kernel without IPv6
	}
	return err
}

func (n *netlink) remove(index int32) error {
	_, err := n.request(unix.RTM_DELLINK, 0, linkMessage(index, 0, 0))
	return err
}

func addressMessage(index int32, address netip.Addr, prefix byte) []byte {
	message := make([]byte, unix.SizeofIfAddrmsg)
	message[0], message[1] = unix.AF_INET, prefix
	binary.NativeEndian.PutUint32(message[4:], uint32(index))
	raw := address.As4()
	return concat(message, attribute(unix.IFA_LOCAL, raw[:]), attribute(unix.IFA_ADDRESS, raw[:]))
}

func (n *netlink) address(index int32, address netip.Addr, prefix byte) error {
	_, err := n.request(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, addressMessage(index, address, prefix))
	return err
}

// withoutAddress takes the routes through that address away, too.
func (n *netlink) withoutAddress(index int32, address netip.Addr, prefix byte) error {
	_, err := n.request(unix.RTM_DELADDR, 0, addressMessage(index, address, prefix))
	return err
}

func (n *netlink) defaultRoute(index int32, gateway netip.Addr) error {
	message := make([]byte, unix.SizeofRtMsg)
	message[0], message[4], message[5], message[7] = unix.AF_INET, unix.RT_TABLE_MAIN, unix.RTPROT_STATIC, unix.RTN_UNICAST
	raw := gateway.As4()
	_, err := n.request(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, concat(message, attribute(unix.RTA_GATEWAY, raw[:]), attribute(unix.RTA_OIF, word(uint32(index)))))
	return err
}

type linksRequest struct {
	Names []string `json:"names"`
}

// destroyLinks removes host ends whose sandbox is no more; absent ones are fine.
func destroyLinks(r linksRequest) (done, error) {
	socket, err := openNetlink()
	if err != nil {
		return done{}, err
	}
	defer socket.close()
	var failures error
	for _, name := range r.Names {
		link, err := net.InterfaceByName(name)
		if err != nil {
			continue
		}
		if err := socket.remove(int32(link.Index)); err != nil && !errors.Is(err, unix.ENODEV) {
			failures = errors.Join(failures, fmt.Errorf("%s: %w", name, err))
		}
	}
	return done{}, failures
}
