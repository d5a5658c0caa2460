package cloudsim

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"wattle"
	"wattle/capture"
	"wattle/internal/wire/cloudapi"
	"wattle/simulator"
	"wattle/simulator/endpoint"
	"wattle/simulator/homes"
)

// Extra is an entry of the device list besides the devices of the home. Its fields
// are sent as they are.
type Extra struct {
	Entry cloudapi.Device
	// Device answers at the cloud; nil for one that is listed and no more.
	Device endpoint.Device
}

// seed are the entries of docs/protocol/seed-facts.md B2 and B8. The placeholders of
// the first are those of the seed; the type of the second is a guess.
var seed = []cloudapi.Device{
	{
		DeviceType: "SMART.TAPOPLUG", FwVer: "1.3.2", Role: cloudapi.Int(0), AppServerURL: "https://eu-wap.tplinkcloud.com", DeviceRegion: "eu-west-1",
		DeviceID: "deviceId", DeviceName: "P100", DeviceHwVer: "1.0", Alias: "alias", DeviceMAC: "Mac",
		OemID: "9552772F906C60A9AEEA36A3347B6EBC", DeviceModel: "P100", HwID: "9994A0A7D5B29645B8150C392284029D",
		FwID: "1D18AD293A25ABDE41405B20C6F98816", IsSameRegion: true, Status: cloudapi.Int(0),
	},
	{
		DeviceType: "IPCAMERA", FwVer: "1.3.0 Build 170623", Role: cloudapi.Int(0), AppServerURL: "https://eu-wap.tplinkcloud.com", DeviceRegion: "eu-west-1",
		DeviceID: "80060C2200C2200C2200C2200C2200C2200C2201", DeviceName: "Cloud Camera", DeviceHwVer: "1.0", Alias: "Hallway camera",
		DeviceMAC: "0257A7200220", OemID: "00000000000000000000000000000220", DeviceModel: "NC220", HwID: "00000000000000000000000000000221",
		FwID: "00000000000000000000000000000000", IsSameRegion: true, Status: cloudapi.Int(1),
	},
}

// unit is a device as the cloud knows it.
type unit struct {
	id     string
	typ    string // deviceType
	region string
	device endpoint.Device  // nil: nobody answers
	fixed  *cloudapi.Device // what is listed, where it is not asked of the device
	faults *endpoint.Faults
	parent *unit // of an outlet or of a child of a hub; its id is then asked through the parent
	source *simulator.Device

	mu     sync.Mutex
	shadow shadow
	room   string
}

// smart reports whether the device hangs on the things service.
func (u *unit) smart() bool { return strings.HasPrefix(u.typ, "SMART.") }

// connect makes the units of a home and those besides it.
func (c *Cloud) connect(home *simulator.Home) error {
	if home != nil {
		for _, d := range home.Devices() {
			info := d.Info()
			u := &unit{id: info.DeviceID, typ: info.Type, region: c.o.Region, device: d, source: d}
			if strings.HasSuffix(info.Model.String(), "(US)") {
				u.region = "use1"
			}
			c.add(u)
			if info.Family == wattle.IOT {
				continue // outlets of a strip are not listed
			}
			for _, child := range info.Children {
				c.add(&unit{id: child.DeviceID, typ: "SMART.TAPOSENSOR", region: u.region, device: d, parent: u})
			}
		}
	}
	extra := c.o.Extra
	if !c.o.NoSeed {
		plug, err := seedPlug(c)
		if err != nil {
			return err
		}
		extra = append([]Extra{{Entry: seed[0], Device: plug}, {Entry: seed[1]}}, extra...)
	}
	for i := range extra {
		e := &extra[i].Entry
		u := &unit{id: e.DeviceID, typ: e.DeviceType, region: c.o.Region, device: extra[i].Device, fixed: e}
		for label, name := range regions {
			if name == e.DeviceRegion {
				u.region = label
			}
		}
		c.add(u)
	}
	return nil
}

func (c *Cloud) add(u *unit) {
	u.faults = endpoint.NewFaults(kinds)
	u.shadow.version = firstVersion
	c.units = append(c.units, u)
}

// seedPlug is what answers for the P100 of the seed at the things service.
func seedPlug(c *Cloud) (endpoint.Device, error) {
	var file *capture.File
	for _, f := range homes.Demo() {
		if strings.HasPrefix(f.Name, "P100(") {
			file = f
		}
	}
	d, err := simulator.New(file, &simulator.DeviceOptions{Index: 220, Now: c.o.Now})
	if err != nil {
		return nil, fmt.Errorf("the plug of the seed: %w", err)
	}
	return d, nil
}

// unitOf finds a device by its id, nil without one.
func (c *Cloud) unitOf(id string) *unit {
	for _, u := range c.units {
		if u.id == id {
			return u
		}
	}
	return nil
}

// owned finds a device of an account.
func (c *Cloud) owned(id string, t *token) (*unit, int) {
	if id == "" {
		return nil, codeParameter
	}
	u := c.unitOf(id)
	if u == nil || t.account != c.accounts[0] {
		return nil, codeNotBound
	}
	return u, 0
}

// on reports whether a fault is on, for one device or for all.
func (c *Cloud) on(u *unit, name string) bool {
	return c.faults.On(name) || u != nil && u.faults.On(name)
}

// linked reports whether a device is connected to the cloud.
func (c *Cloud) linked(u *unit) bool {
	if u.parent != nil {
		u = u.parent
	}
	return u.device != nil && !c.on(u, faultOffline)
}

// ask hands a request to a device. code is that of the relay where there is no
// answer.
func (c *Cloud) ask(ctx context.Context, u *unit, request json.RawMessage) (answer json.RawMessage, code int) {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	if c.on(u, faultTimeout) || u.device == nil {
		return nil, codeTimeout
	}
	if u.parent != nil {
		request = mustJSON(map[string]any{"method": "control_child", "params": map[string]any{"device_id": u.id, "requestData": request}})
	}
	answer, err := u.device.Handle(ctx, request)
	if err != nil || len(answer) == 0 {
		return nil, codeTimeout
	}
	if u.parent != nil {
		o, _ := parse(answer)
		r, _ := parse(o["result"])
		if inner := r["responseData"]; inner != nil {
			return inner, 0
		}
	}
	return answer, 0
}

// info is what a device says of itself: sysinfo, or get_device_info. It is empty
// for one that does not answer.
func (c *Cloud) info(u *unit) object {
	ctx := context.Background()
	if !u.smart() {
		answer, _ := c.ask(ctx, u, json.RawMessage(`{"system":{"get_sysinfo":{}}}`))
		o, _ := parse(answer)
		system, _ := parse(o["system"])
		sysinfo, _ := parse(system["get_sysinfo"])
		return sysinfo
	}
	answer, _ := c.ask(ctx, u, json.RawMessage(`{"method":"get_device_info"}`))
	o, _ := parse(answer)
	info, _ := parse(o["result"])
	return info
}

// entry is a device as the lists of A and B show it. A device of the things
// service has no link to them: its status is 0.
func (c *Cloud) entry(q *call, u *unit, t *token) cloudapi.Device {
	if u.fixed != nil {
		e := *u.fixed
		if q.site.domain == domainOwn { // nothing is to leave for TP-Link's hosts
			e.AppServerURL = c.url(q.site, domainV1, u.region)
		}
		return e
	}
	d := domainV1
	switch q.app {
	case appKasa:
		d = domainV2
	case appTapo:
		d = q.site.domain
	}
	o := c.info(u)
	e := cloudapi.Device{
		DeviceType: u.typ, AppServerURL: c.url(q.site, d, u.region), DeviceRegion: regions[u.region], DeviceID: u.id,
		DeviceMAC:    macOf(o),
		DeviceModel:  o.text("model"),
		IsSameRegion: u.region == t.account.region, Role: cloudapi.Int(0), Status: cloudapi.Int(0),
	}
	if u.smart() {
		e.FwVer, e.DeviceName, e.DeviceHwVer, e.Alias = o.text("fw_ver"), o.text("model"), o.text("hw_ver"), o.text("nickname")
		e.OemID, e.HwID, e.FwID = o.text("oem_id"), o.text("hw_id"), o.text("fw_id")
		return e
	}
	e.FwVer, e.DeviceName, e.DeviceHwVer, e.Alias = o.text("sw_ver"), o.text("dev_name")+o.text("description"), o.text("hw_ver"), o.text("alias")
	e.OemID, e.HwID, e.FwID = o.text("oemId"), o.text("hwId"), o.text("fwId")
	if c.linked(u) {
		e.Status = cloudapi.Int(1)
	}
	return e
}

// macOf is a MAC as the cloud spells it.
func macOf(info object) string {
	return strings.ToUpper(strings.NewReplacer(":", "", "-", "").Replace(info.text("mac") + info.text("mic_mac")))
}

func list(raw json.RawMessage) []string {
	var l []string
	_ = json.Unmarshal(raw, &l)
	return l
}

// mustJSON writes a value that always marshals.
func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
