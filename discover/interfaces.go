package discover

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Interface is one IPv4 network that this computer is in.
type Interface struct {
	Name string
	Addr netip.Addr // the computer's own
	// Broadcast is the directed broadcast address, such as 192.168.1.255;
	// invalid where there is none (point-to-point).
	Broadcast netip.Addr
	Loopback  bool
	// Virtual is a point-to-point link or a bridge of containers.
	Virtual bool
}

// loopback is the network of simulated homes. The whole of 127.0.0.0/8 exists
// on Linux whatever addresses the interface shows.
var loopback = Interface{
	Name:      "lo",
	Addr:      netip.AddrFrom4([4]byte{127, 0, 0, 1}),
	Broadcast: netip.AddrFrom4([4]byte{127, 255, 255, 255}),
	Loopback:  true,
}

// Interfaces lists the IPv4 networks of this computer whose interfaces are
// up, the loopback network once and last.
func Interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	var out, last []Interface
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		if i.Flags&net.FlagLoopback != 0 {
			last = []Interface{loopback}
			last[0].Name = i.Name
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it vanished meanwhile
		}
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil || !prefix.Addr().Unmap().Is4() {
				continue
			}
			entry := Interface{
				Name:    i.Name,
				Addr:    prefix.Addr().Unmap(),
				Virtual: i.Flags&net.FlagPointToPoint != 0 || containerBridge(i.Name),
			}
			if i.Flags&net.FlagBroadcast != 0 {
				entry.Broadcast = lastAddr(prefix)
			}
			out = append(out, entry)
		}
	}
	return append(out, last...), nil
}

// containerBridge goes by the names that container engines give.
func containerBridge(name string) bool {
	return slices.ContainsFunc([]string{"docker", "br-", "veth", "cni", "podman", "virbr", "lxc", "flannel", "cali"}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

// lastAddr is the broadcast address of a network; invalid where it has none.
func lastAddr(prefix netip.Prefix) netip.Addr {
	if prefix.Bits() >= 31 {
		return netip.Addr{}
	}
	b := prefix.Masked().Addr().As4()
	for bit := prefix.Bits(); bit < 32; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(b)
}

// choose picks the networks that the settings allow.
func (s *settings) choose() ([]Interface, error) {
	if s.LoopbackOnly {
		return []Interface{loopback}, nil
	}
	all, err := s.ListInterfaces()
	if err != nil {
		return nil, err
	}
	for _, name := range s.Interfaces {
		if !slices.ContainsFunc(all, func(i Interface) bool { return i.Name == name }) {
			return nil, fmt.Errorf("no IPv4 interface %q is up; there are %s", name, names(all))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(i Interface) bool {
		return (len(s.Interfaces) > 0 && !slices.Contains(s.Interfaces, i.Name)) || (s.SkipVirtual && i.Virtual)
	}), nil
}

func names(all []Interface) string {
	var out []string
	for _, i := range all {
		if !slices.Contains(out, i.Name) {
			out = append(out, i.Name)
		}
	}
	return strings.Join(out, ", ")
}
