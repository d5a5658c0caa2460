package simulator

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

const (
	// scanLasts is how long a hub looks for children.
	scanLasts = 30 * time.Second
	// scanFinds is how long it takes to find each.
	scanFinds = 4 * time.Second
	// joinTakes is how long it takes from being added to being listed.
	joinTakes = 3 * time.Second
)

// pairing is what a hub does to get children. See docs/protocol/smart.md
// section 11.
type pairing struct {
	waiting []*unit   // children that want to be paired
	joining []*unit   // children that were added and are not listed yet
	joined  time.Time // when they will be
	began   time.Time // when the last scan began
	first   int       // how many children the capture lists
	changed bool      // somebody has scanned, added or removed
}

// loadWaiting makes the children that the capture's scan has found. What they
// answer comes from captures of their model.
func (e *smart) loadWaiting() error {
	e.pairing.first = len(e.children)
	scan, _ := parseObject(e.self.base["get_scan_child_device_list"])
	for i, raw := range scan.array("child_device_list") {
		entry, ok := parseObject(raw)
		if !ok || entry.text("device_id") == "" {
			continue
		}
		child := &unit{e: e, battery: true, info: object{
			"device_id": entry["device_id"], "category": marshal(entry.text("category")), "model": marshal(entry.text("device_model")),
			"nickname": marshal(entry.text("name")), "type": marshal("SMART.TAPOSENSOR"), "status": marshal("online"),
		}}
		file, err := e.d.options.Library.Model(entry.text("device_model"))
		if err != nil {
			return err
		}
		if file == nil {
			child.bare = true
		} else {
			if err := valid(file); err != nil {
				return err
			}
			child.base = file.Data
			if info, ok := parseObject(file.Data["get_device_info"]); ok {
				child.info = info
			}
			child.info["device_id"] = entry["device_id"]
		}
		e.identify(child, entry.text("device_id"), e.pairing.first+i+1)
		e.pairing.waiting = append(e.pairing.waiting, child)
	}
	return nil
}

// beginScan begins anew.
func (u *unit) beginScan(object) (json.RawMessage, int) {
	if u != u.e.self || !u.has("child_quick_setup") {
		return nil, codeUnknownMethod
	}
	p := &u.e.pairing
	p.began, p.changed = u.e.d.clock.real(), true
	return nil, 0
}

// getScan tells which children were found so far.
func (u *unit) getScan(object) (json.RawMessage, int) {
	answer, ok := u.stored("get_scan_child_device_list")
	if !ok {
		return nil, u.unknown("get_scan_child_device_list")
	}
	p := &u.e.pairing
	if !p.changed && u.e.d.options.Freeze {
		return answer.raw(), 0
	}
	list, left := []json.RawMessage{}, time.Duration(0)
	if !p.began.IsZero() {
		ran := u.e.d.clock.real().Sub(p.began)
		left = max(scanLasts-ran, 0)
		if u.e.d.options.Freeze {
			ran = scanLasts
		}
		for i, child := range p.waiting {
			if ran >= time.Duration(i+1)*scanFinds {
				list = append(list, child.offer())
			}
		}
	}
	answer["child_device_list"] = rawArray(list)
	answer.put("scan_status", map[bool]string{true: "scanning", false: "idle"}[left > 0])
	answer.put("scan_wait_time", seconds(left))
	return answer.raw(), 0
}

// offer is how a scan tells of a child.
func (u *unit) offer() json.RawMessage {
	return object{
		"device_id": u.info["device_id"], "category": marshal(u.info.text("category")),
		"device_model": marshal(u.info.text("model")), "name": marshal(u.info.text("nickname")),
	}.raw()
}

// addChildren takes children in that a scan has found.
func (u *unit) addChildren(params object) (json.RawMessage, int) {
	switch {
	case u != u.e.self || !u.has("child_quick_setup"):
		return nil, codeUnknownMethod
	case jsonKind(params["child_device_list"]) != '[':
		return nil, codeParams
	}
	p := &u.e.pairing
	chosen := map[*unit]bool{}
	for _, raw := range params.array("child_device_list") {
		entry, _ := parseObject(raw)
		i := slices.IndexFunc(p.waiting, func(c *unit) bool { return c.info.text("device_id") == entry.text("device_id") })
		if i >= 0 { // one that has gone away is accepted, and never joins
			chosen[p.waiting[i]] = true
		}
	}
	p.waiting = slices.DeleteFunc(p.waiting, func(c *unit) bool {
		if chosen[c] {
			p.joining = append(p.joining, c)
		}
		return chosen[c]
	})
	if len(chosen) > 0 {
		p.joined, p.changed = u.e.d.clock.real().Add(joinTakes), true
	}
	if u.e.d.options.Freeze {
		u.e.join()
	}
	return nil, 0
}

// join puts the children into the hub's list that were added.
func (e *smart) join() {
	p := &e.pairing
	for _, child := range p.joining {
		child.info.put("status", "online")
		if child.info.has("lastOnboardingTimestamp") {
			child.info.put("lastOnboardingTimestamp", e.d.clock.time().Unix())
		}
		child.log.forget()
		child.start()
		e.children = append(e.children, child)
	}
	p.joining, p.joined = nil, time.Time{}
	e.count()
}

// count brings the answers up to date that tell how many children there are.
func (e *smart) count() {
	for _, getter := range []string{"get_child_device_list", "get_child_device_component_list"} {
		if answer, ok := e.self.stored(getter); ok {
			answer.put("sum", len(e.children))
			e.self.change(getter, answer)
		}
	}
}

// removeChildren unpairs children of a hub. They wait to be paired again.
func (u *unit) removeChildren(params object) (json.RawMessage, int) {
	if !u.has("child_quick_setup") {
		return nil, codeUnknownMethod
	}
	gone := map[*unit]bool{}
	for _, raw := range params.array("child_device_list") {
		entry, _ := parseObject(raw)
		child := u.e.child(entry.text("device_id"))
		if child == nil {
			return nil, codeParams
		}
		gone[child] = true
	}
	if len(gone) == 0 {
		return nil, codeParams
	}
	p := &u.e.pairing
	p.changed = true
	u.e.children = slices.DeleteFunc(u.e.children, func(c *unit) bool {
		if gone[c] {
			p.waiting = append(p.waiting, c)
		}
		return gone[c]
	})
	u.e.count()
	return nil, 0
}

// getLoad counts the children that have come and gone.
func (u *unit) getLoad(object) (json.RawMessage, int) {
	answer, ok := u.stored("get_device_load_info")
	if !ok {
		return nil, u.unknown("get_device_load_info")
	}
	if n, isNumber := answer.integer("cur_load_num"); isNumber && u == u.e.self {
		answer.put("cur_load_num", max(n+len(u.e.children)-u.e.pairing.first, 0))
	}
	return answer.raw(), 0
}

// asleep tells that a child of a hub is out of reach.
func (u *unit) asleep() bool { return u.battery && strings.EqualFold(u.info.text("status"), "offline") }
