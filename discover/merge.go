package discover

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"wattle"
	"wattle/internal/wire/discovery"
	"wattle/transport"
)

// maxDevices bounds what a flood of forged answers can take.
const maxDevices = 1 << 16

var errFull = errors.New("more devices than any network has")

// merger makes devices of answers. The first answer in each protocol stands:
// later ones differ in nothing but the moment.
type merger struct {
	xorPort uint16
	limit   int // of devices
	byMAC   map[wattle.MAC]*device
	byAddr  map[netip.Addr]*device // those that tell no MAC
}

type device struct {
	addr    netip.Addr
	sysinfo *discovery.Sysinfo
	answer  *discovery.Answer
	private json.RawMessage
	xor     []wattle.Route
	other   []wattle.Route
	reason  string // why the answer has no routes
	via     []uint16
}

func newMerger(xorPort uint16) *merger {
	return &merger{
		xorPort: xorPort, limit: maxDevices,
		byMAC: make(map[wattle.MAC]*device), byAddr: make(map[netip.Addr]*device),
	}
}

func (m *merger) size() int { return len(m.byMAC) + len(m.byAddr) }

// add takes one datagram. It tells the device and whether the datagram taught
// anything new of it.
func (m *merger) add(p packet) (found Found, news bool, err error) {
	sysinfo, answer, err := m.parse(p)
	if err != nil {
		return Found{}, false, err
	}
	var written string
	if sysinfo != nil {
		written = sysinfo.MAC
	} else {
		written = answer.MAC
	}
	d := m.device(written, p.from.Addr())
	if d == nil {
		return Found{}, false, errFull
	}
	at, answeredBefore := slices.BinarySearch(d.via, p.from.Port())
	if !answeredBefore {
		d.via = slices.Insert(d.via, at, p.from.Port())
		news = true
	}
	host := p.from.Addr().String()
	switch {
	case sysinfo != nil && d.sysinfo == nil:
		d.sysinfo, news = sysinfo, true
		d.xor = transport.ChooseSysinfo(sysinfo, host)
		if d.xor[0].Transport == wattle.XOR {
			d.xor[0].Port = int(p.from.Port()) // a simulated home may use another
		}
	case answer != nil && d.answer == nil:
		d.answer, news = answer, true
		if routes, err := transport.Choose(answer, host); err != nil {
			d.reason = err.Error()
		} else {
			d.other = routes
		}
	}
	// The second probe of a device may bring the part that the first had not.
	if key := readyKey.Load(); answer != nil && answer.EncryptInfo != nil && d.private == nil && key != nil {
		if private, err := answer.EncryptInfo.Open(key); err == nil {
			d.private, news = private, true
		}
	}
	return d.found(written), news, nil
}

// parse goes by the source port, and by the content where that does not fit.
func (m *merger) parse(p packet) (*discovery.Sysinfo, *discovery.Answer, error) {
	if p.from.Port() == m.xorPort {
		if s, err := discovery.ParseSysinfo(p.payload); err == nil {
			return s, nil, nil
		}
	}
	a, err := discovery.ParseAnswer(p.payload)
	if err == nil {
		return nil, a, nil
	}
	s, errXOR := discovery.ParseSysinfo(p.payload)
	if errXOR == nil {
		return s, nil, nil
	}
	return nil, nil, err
}

// device finds or makes the device of an answer, nil if there are too many.
func (m *merger) device(written string, addr netip.Addr) *device {
	mac, err := wattle.ParseMAC(written)
	known := err == nil && !mac.IsZero()
	var d *device
	if known {
		d = m.byMAC[mac]
	} else {
		d = m.byAddr[addr]
	}
	if d != nil {
		return d
	}
	if m.size() >= m.limit {
		return nil
	}
	d = &device{addr: addr}
	if known {
		m.byMAC[mac] = d
	} else {
		m.byAddr[addr] = d
	}
	return d
}

// found puts together what is known.
func (d *device) found(mac string) Found {
	f := Found{Addr: d.addr, Private: d.private, Via: slices.Clone(d.via)}
	if parsed, err := wattle.ParseMAC(mac); err == nil {
		f.MAC = parsed
	}
	if a := d.answer; a != nil {
		f.Model, f.Type, f.Alias = wattle.ParseModel(a.DeviceModel), a.DeviceType, a.DeviceName
		f.Answer, f.OnboardedBy, f.Reason = a.Raw, a.OnboardedBy, d.reason
		f.FactoryDefault = a.FactoryDefault != nil && *a.FactoryDefault
		if bound(a.Owner) {
			f.Owner = a.Owner
		}
	}
	if d.private != nil {
		var inner struct {
			DeviceID string `json:"device_id"`
			Owner    string `json:"owner"`
		}
		if json.Unmarshal(d.private, &inner) == nil {
			f.ID = inner.DeviceID
			if f.Owner == "" && bound(inner.Owner) {
				f.Owner = inner.Owner
			}
		}
	}
	if s := d.sysinfo; s != nil {
		f.Model, f.Type = wattle.ParseModel(s.Model), s.Type
		f.Alias, f.ID, f.Sysinfo = s.Alias, s.DeviceID, s.Raw
		f.Reason = ""
	}
	// XOR first: it needs no credentials. The rest stays as the fall-back for
	// the day when new firmware closes the port.
	f.Routes = slices.Concat(d.xor, d.other)
	if len(f.Routes) > 0 {
		f.Family = f.Routes[0].Family
	}
	if f.Reason == "" {
		f.Reason = unusable(&f)
	}
	return f
}

// unusable says what stands in the way of a device that has routes.
func unusable(f *Found) string {
	if !slices.ContainsFunc(f.Routes, transport.Supports) {
		return fmt.Sprintf("it wants %s, which this version of wattle cannot speak yet", f.Routes[0].Transport)
	}
	if f.FactoryDefault && f.Owner == "" && f.Sysinfo == nil {
		return "not set up yet: add it to an account in the Tapo or Kasa app first"
	}
	return ""
}
