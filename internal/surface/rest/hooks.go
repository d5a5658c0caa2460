package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"wattle"
	"wattle/hub"
	"wattle/internal/hubapi"
)

const (
	// hookPath begins the links that do one thing.
	hookPath  = "/hook/"
	keptHooks = "api/hooks"
	mostHooks = 256
)

// hooks are links that do one thing each. Of their secrets only hashes are kept.
type hooks struct {
	keep hub.Keep

	mu   sync.Mutex // held while the list is changed and saved
	list []keptHook
}

type keptHook struct {
	hubapi.Hook
	Hash string `json:"sha256"`
}

func (h *hooks) load(ctx context.Context) error {
	data, err := h.keep.Load(ctx, keptHooks)
	if err != nil || data == nil {
		return err
	}
	var list []keptHook
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("the hooks that were kept cannot be read: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = list
	return nil
}

func (h *hooks) all() []hubapi.Hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]hubapi.Hook, len(h.list))
	for i, k := range h.list {
		out[i] = k.Hook
	}
	slices.SortFunc(out, func(a, b hubapi.Hook) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// save keeps a list and makes it the present one; it is called with the lock
// held.
func (h *hooks) save(ctx context.Context, list []keptHook) error {
	data, err := json.Marshal(list)
	if err == nil {
		err = h.keep.Save(ctx, keptHooks, data)
	}
	if err != nil {
		return fmt.Errorf("the hooks cannot be kept: %w", err)
	}
	h.list = list
	return nil
}

func (h *hooks) create(ctx context.Context, r hubapi.HookRequest) (hubapi.NewHook, error) {
	now := time.Now().UTC()
	if r.Expires != nil && !r.Expires.After(now) {
		return hubapi.NewHook{}, fmt.Errorf("%w: a hook that expires in the past", wattle.ErrParam)
	}
	secret := newSecret()
	k := keptHook{Hook: hubapi.Hook{Name: r.Name, Command: r.Command, Once: r.Once, Expires: r.Expires, Created: now}, Hash: hashOf(secret)}
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(h.list), func(k keptHook) bool { return k.Expires != nil && !now.Before(*k.Expires) })
	if len(list) >= mostHooks {
		return hubapi.NewHook{}, fmt.Errorf("%w: there are %d hooks: remove some that nobody uses", hubapi.ErrConflict, len(list))
	}
	if slices.ContainsFunc(list, func(o keptHook) bool { return o.Name == r.Name }) {
		return hubapi.NewHook{}, fmt.Errorf("%w: there is a hook %q", hubapi.ErrConflict, r.Name)
	}
	if err := h.save(ctx, append(list, k)); err != nil {
		return hubapi.NewHook{}, err
	}
	return hubapi.NewHook{Hook: k.Hook, Secret: secret, Path: hookPath + r.Name + "/" + secret}, nil
}

func (h *hooks) remove(ctx context.Context, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.list, func(k keptHook) bool { return k.Name == name })
	if i < 0 {
		return missing("link", "there is no link %q", clip(name))
	}
	return h.save(ctx, slices.Delete(slices.Clone(h.list), i, i+1))
}

// check reports whether a link is right, without using it.
func (h *hooks) check(name, secret string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.find(name, secret) >= 0
}

// find is called with the lock held. It looks at all hooks, however early one
// fits.
func (h *hooks) find(name, secret string) int {
	hash, found, now := hashOf(secret), -1, time.Now()
	for i := range h.list {
		k := &h.list[i]
		if sameHash(k.Hash, hash) && k.Name == name && (k.Expires == nil || now.Before(*k.Expires)) {
			found = i
		}
	}
	return found
}

// use counts one use of a link, and takes one that works one time away. That is
// on the disk when it returns.
func (h *hooks) use(ctx context.Context, name, secret string) (hubapi.HookCommand, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.find(name, secret)
	if i < 0 {
		return hubapi.HookCommand{}, noHook()
	}
	list := slices.Clone(h.list)
	command := list[i].Command
	if list[i].Once {
		list = slices.Delete(list, i, i+1)
	} else {
		now := time.Now().UTC()
		list[i].LastUsed = &now
		list[i].Uses++
	}
	return command, h.save(ctx, list)
}

// noHook does not tell a wrong name from a wrong secret.
func noHook() error {
	return missing("link", "this link is wrong, was used, or its time is over")
}

// hook serves a link: /hook/NAME/TOKEN, or /hook/NAME?token=TOKEN.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		fail(w, hubapi.NewProblem(hubapi.ErrMethod, "want GET or POST"))
		return
	}
	if purpose := r.Header.Get("Sec-Purpose") + r.Header.Get("Purpose") + r.Header.Get("X-Moz"); strings.Contains(purpose, "prefetch") || strings.Contains(purpose, "preview") {
		fail(w, hubapi.NewProblem(hubapi.ErrPolicy, "a link is not used by looking ahead"))
		return
	}
	name, secret := r.PathValue("name"), r.PathValue("token")
	if secret == "" {
		secret = r.URL.Query().Get("token")
	}
	if !s.hooks.check(name, secret) {
		if wait := s.rates.wrong.take(client(r.RemoteAddr)); wait > 0 {
			failLater(w, wait, "too many wrong links from this address")
			return
		}
		fail(w, noHook())
		return
	}
	if wait := s.rates.hooks.take(name); wait > 0 {
		failLater(w, wait, "this link is used too often")
		return
	}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), clientKey{}, principal{scope: hubapi.ScopeControl}), answerTime)
	defer cancel()
	command, err := s.hooks.use(ctx, name, secret)
	var did string
	if err == nil {
		did, err = s.carryOut(ctx, &command)
	}
	if err != nil {
		fail(w, err)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") { // a phone shows it
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintln(w, did)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"did": did})
}

// carryOut does what a hook is for, and says what it did.
func (s *Server) carryOut(ctx context.Context, c *hubapi.HookCommand) (did string, err error) {
	if c.Scene != "" {
		auto, err := s.automation()
		if err != nil {
			return "", err
		}
		list, err := auto.Apply(ctx, c.Scene)
		if err != nil {
			return "", err
		}
		for _, o := range list {
			if o.Err != nil {
				return "", fmt.Errorf("%s: %w", o.Name, o.Err)
			}
		}
		return "scene " + c.Scene, nil
	}
	v, err := s.find(c.Device)
	if err != nil {
		return "", err
	}
	switch {
	case c.Toggle:
		on, err := s.hub.Toggle(ctx, v.ID)
		if err != nil {
			return "", err
		}
		return v.Name + map[bool]string{true: " is on", false: " is off"}[on], nil
	case c.Action != "":
		_, r, err := s.reading(c.Device, c.Action)
		if err != nil {
			return "", err
		}
		return v.Name + ": " + c.Action, s.doAction(ctx, v, r)
	}
	return v.Name + " is set", s.set(ctx, v.ID, c.Set)
}

// usable says what is wrong with the command of a new hook, and names its device
// by id, so that renaming it does not break the link.
func (s *Server) usable(c *hubapi.HookCommand) error {
	kinds := 0
	for _, there := range []bool{len(c.Set) > 0, c.Toggle, c.Action != "", c.Scene != ""} {
		if there {
			kinds++
		}
	}
	if kinds != 1 || (c.Scene != "") == (c.Device != "") {
		return fmt.Errorf("%w: want a device with one of set, toggle and action, or a scene", wattle.ErrParam)
	}
	if c.Scene != "" {
		auto, err := s.automation()
		if err == nil {
			_, err = auto.Scenes().Get(c.Scene)
		}
		return missingItem("scene", err)
	}
	v, err := s.find(c.Device)
	if err != nil {
		return err
	}
	c.Device = hub.Slug(v.ID)
	for name, value := range c.Set {
		_, r, err := s.reading(c.Device, name)
		if err == nil && !r.Settable {
			err = fmt.Errorf("%w: %s cannot be set", wattle.ErrUnsupported, name)
		}
		if err == nil {
			_, err = settingOf(value)
		}
		if err != nil && v.State != nil {
			return err
		}
	}
	if c.Action != "" {
		_, r, err := s.reading(c.Device, c.Action)
		if err == nil && r.Dangerous {
			err = hubapi.NewProblem(hubapi.ErrPolicy, "%s cannot be taken back: no link may do it", c.Action)
		}
		return err
	}
	return nil
}
