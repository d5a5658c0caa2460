package simulator

import (
	"encoding/json"
	"net/netip"
	"strings"

	"wattle"
	"wattle/capture"
	"wattle/simulator/endpoint"
)

// Discovery is what a device answers to those who look for devices.
type Discovery struct {
	// Sysinfo is the answer on UDP port 9999 in clear, nil for a device that
	// does not listen there.
	Sysinfo []byte
	// Result is "result" of the answer on UDP port 20002, nil likewise.
	Result json.RawMessage
	// Battery: Result is the answer on UDP port 20004, and 20002 is silent.
	Battery bool
}

// Announcement is what discovery has to tell of where a device is served.
type Announcement struct {
	Address netip.Addr
	Port    int // of HTTP; 0 is the port of the route
	// Account is the e-mail that the device is bound to, "" for none. See [Owner].
	Account string
}

// Discovery gives the answers of the device, put right for where it is served.
// A device that speaks XOR answers on 9999, one with a battery on 20004, all
// others on 20002.
func (d *Device) Discovery(a Announcement) Discovery {
	d.mu.Lock()
	defer d.mu.Unlock()
	var answer Discovery
	if _, stored := d.announced(); d.route.Transport == wattle.XOR && !stored || d.route.Transport == wattle.Linkie {
		d.engine.discovery(&answer)
		return answer
	}
	if d.route.Transport == wattle.XOR {
		d.engine.discovery(&answer)
	}
	if d.route.Transport != wattle.XOR {
		answer.Result, answer.Battery = d.result(a), d.battery()
	}
	return answer
}

// battery reports whether the device is one that is looked for on port 20004.
func (d *Device) battery() bool {
	var info Info
	d.engine.info(&info)
	return d.options.Battery || strings.HasSuffix(info.Type, "DOORBELL")
}

// result is the stored result, or an invented one, with what depends on the
// place put right.
func (d *Device) result(a Announcement) json.RawMessage {
	var info Info
	d.engine.info(&info)
	o, ok := cut(d.host.Discovery)
	if !ok {
		o = object{
			"factory_default": marshal(false), "is_support_iot_cloud": marshal(true), "obd_src": marshal("tplink"),
			"device_id": marshal(""), "device_type": marshal(info.Type), "device_model": marshal(info.Model.String()),
		}
	}
	mac := strings.ReplaceAll(info.MAC.String(), ":", "-")
	if ok && d.ids.keep {
		mac = o.text("mac")
	}
	o.put("mac", mac)
	id := d.ids.discoveryID(o.text("device_id"))
	if id == "" {
		id = identity{name: d.ids.name, index: d.ids.index}.discoveryID("")
	}
	o.put("device_id", id)
	if a.Address.IsValid() {
		o.put("ip", a.Address.String())
	}
	o.put("owner", Owner(d.holdsOf(a.Account)))
	if d.fresh {
		o.put("factory_default", true)
	}
	o["mgt_encrypt_schm"] = d.scheme(o.object("mgt_encrypt_schm"), a.Port)
	// Nothing that promises another transport than the one that is served.
	for _, key := range []string{"tpap", "tpap_preferred", "encrypt_type", "encrypt_info"} {
		if stored, _ := d.announced(); stored.transport != d.route.Transport {
			delete(o, key)
		}
	}
	if d.route.Transport == wattle.TPAP {
		d.offerTPAP(o, a.Port)
	}
	return o.raw()
}

// offerTPAP announces TPAP as it is served. See docs/protocol/tpap.md section 1.1.
func (d *Device) offerTPAP(o object, port int) {
	if port == 0 {
		port = d.route.Port
	}
	options := endpoint.TPAPOptions{DeviceType: o.text("device_type")}
	o["tpap"] = options.Offer(port, d.route.TLS)
	o.put("tpap_preferred", true)
	o.put("protocol_version", 1)
}

// tpap is how the device speaks TPAP.
func (d *Device) tpap() endpoint.TPAPOptions {
	o, _ := cut(d.Discovery(Announcement{}).Result)
	d.mu.Lock()
	defer d.mu.Unlock()
	return endpoint.TPAPOptions{DeviceType: o.text("device_type"), MAC: o.text("mac"), KLAP: d.beside}
}

// saidScheme is what a capture announces, read once.
type saidScheme struct {
	of     *capture.File
	scheme scheme
	ok     bool
}

// announced is the scheme of the stored announcement. The lock is held.
func (d *Device) announced() (scheme, bool) {
	if d.said.of != d.host {
		s, ok := announced(d.host)
		d.said = saidScheme{d.host, s, ok}
	}
	return d.said.scheme, d.said.ok
}

// encryptType is how an announcement spells a transport.
func encryptType(t wattle.Transport) string {
	if t == wattle.Token {
		return "AES" // and https
	}
	return strings.ToUpper(string(t))
}

// scheme is mgt_encrypt_schm for the transport that is served.
func (d *Device) scheme(stored object, port int) json.RawMessage {
	if port == 0 {
		port = d.route.Port
	}
	o := stored
	if o == nil {
		o = object{}
	}
	before, _ := d.announced()
	o.put("is_support_https", d.route.TLS)
	o.put("http_port", port)
	o.put("encrypt_type", encryptType(d.route.Transport))
	if before.transport == d.route.Transport && before.version == d.route.Version {
		return o.raw() // as it was recorded
	}
	delete(o, "lv")
	delete(o, "new_klap")
	if d.route.Transport == wattle.TPAP {
		o.put("lv", 2)
	}
	if d.route.Version == 2 {
		o.put("lv", 2)
		if d.route.Family == wattle.IOT {
			o.put("new_klap", 1)
		}
	}
	return o.raw()
}

func (e *iot) discovery(a *Discovery) {
	a.Sysinfo = appendMembers(nil, []member{{"system", object{"get_sysinfo": success(e.sysinfo())}.raw()}})
}

func (e *smart) discovery(*Discovery) {}
