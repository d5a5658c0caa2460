package cloudsim

import (
	"slices"

	"wattle/internal/wire/cloudapi"
)

// maxPage is how many entries a page has at most.
const maxPage = 100

// entries are the devices of an account.
func (c *Cloud) entries(q *call, t *token) []cloudapi.Device {
	all := []cloudapi.Device{}
	if t.account != c.accounts[0] {
		return all
	}
	for _, u := range c.units {
		if u.parent != nil {
			continue
		}
		e := c.entry(q, u, t)
		if c.on(u, faultForged) {
			e.AppServerURL = "https://wap.tplinkcloud.com.example.net"
		}
		all = append(all, e)
	}
	return all
}

func (c *Cloud) deviceList(q *call, t *token) reply {
	return result(map[string]any{"deviceList": c.entries(q, t)})
}

// devicePage is the list of B, of some types and in pages.
func (c *Cloud) devicePage(q *call, t *token) reply {
	types, index, limit := list(q.params["deviceTypeList"]), q.params.number("index"), q.params.number("limit")
	if len(types) == 0 || index < 0 || limit < 1 {
		return failure(codeParameter)
	}
	all := slices.DeleteFunc(c.entries(q, t), func(e cloudapi.Device) bool { return !slices.Contains(types, e.DeviceType) })
	if c.faults.On(faultPages) && len(all) > 0 {
		return result(map[string]any{"deviceList": all[:1], "total": 1 << 20})
	}
	from := min(index, len(all))
	page := all[from:min(from+min(limit, maxPage), len(all))]
	return result(map[string]any{"deviceList": page, "total": len(all)})
}
