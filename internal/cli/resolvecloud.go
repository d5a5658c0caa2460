package cli

import (
	"context"
	"fmt"
	"strings"

	"wattle"
	"wattle/cloud"
	"wattle/connect"
	"wattle/internal/known"
)

// askCloud looks for names on the account, where the policy allows that and somebody
// is signed in. What it finds is remembered. It gives those that are still missing.
func (a *app) askCloud(ctx context.Context, book *book, refs []string, missing []int, found [][]target) (still []int, err error) {
	c, err := a.cloudFor(ctx, a.policy())
	if err != nil || c == nil {
		return missing, err
	}
	home, err := c.Devices(ctx)
	if err != nil {
		if a.policy() != connect.CloudOnly {
			a.warn(fmt.Errorf("the cloud was not asked: %w", err))
			return missing, nil
		}
		return nil, err
	}
	for _, i := range missing {
		if refs[i] == everything {
			for n := range home.Entries {
				if _, err := home.Entries[n].Path(); err == nil {
					book.learn(fromCloud(&home.Entries[n]))
				}
			}
		} else if !a.learnEntry(book, home, refs[i], &found[i]) {
			still = append(still, i)
			continue
		}
		if found[i] == nil {
			if found[i], err = lookUp(book, refs[i]); err != nil {
				still = append(still, i)
			}
		}
	}
	if len(missing) > len(still) {
		if err := book.save(ctx); err != nil {
			a.warn(err)
		}
	}
	return a.askParents(ctx, book, refs, still, found)
}

// learnEntry remembers the device that a reference names, or the parent of the child
// that it names; then it reports false, since the child is not known yet. A device
// without a MAC, or with that of its parent, cannot be remembered: it is the target
// itself.
func (a *app) learnEntry(book *book, home *cloud.Home, ref string, found *[]target) bool {
	if e := home.Find(ref); e != nil {
		d := fromCloud(e)
		if d.MAC.IsZero() {
			*found = []target{{known: d, label: d.Name()}}
			return true
		}
		book.learn(d)
		return true
	}
	for at := range len(ref) {
		if ref[at] == '/' {
			if e := home.Find(ref[:at]); e != nil {
				book.learn(fromCloud(e))
			}
		}
	}
	return false
}

// fromCloud is what the account tells of a device.
func fromCloud(e *cloud.Entry) known.Device {
	mac := e.MAC
	if e.Thing != nil && e.Thing.IsSubThing {
		mac = wattle.MAC{}
	}
	return known.Device{
		MAC: mac, ID: strings.TrimSpace(e.ID), Alias: e.Name, Model: wattle.ParseModel(e.Model), Family: e.Family(), Type: e.Type,
	}
}
