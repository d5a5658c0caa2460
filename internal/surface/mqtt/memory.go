package mqtt

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"wattle/hub"
)

// memory is what was announced: of each device its components, by key, with their
// platforms. It outlives a run.
type memory struct {
	keep hub.Keep // nil: for this run

	mu   sync.Mutex
	said map[string]map[string]string // by slug
}

const memoryName = "mqtt/announced"

func newMemory(keep hub.Keep) *memory {
	return &memory{keep: keep, said: map[string]map[string]string{}}
}

func (m *memory) load(ctx context.Context) error {
	if m.keep == nil {
		return nil
	}
	data, err := m.keep.Load(ctx, memoryName)
	if err != nil || data == nil {
		return err
	}
	said := map[string]map[string]string{}
	if err := json.Unmarshal(data, &said); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = said
	return nil
}

// save is called with the lock held. What cannot be saved is known for this run.
func (m *memory) save(ctx context.Context) {
	if m.keep == nil {
		return
	}
	if data, err := json.Marshal(m.said); err == nil {
		_ = m.keep.Save(ctx, memoryName, data)
	}
}

// announced notes what is announced now.
func (m *memory) announced(ctx context.Context, slug string, platforms map[string]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !maps.Equal(m.said[slug], platforms) || m.said[slug] == nil {
		m.said[slug] = platforms
		m.save(ctx)
	}
}

// missing are the components that were announced and are not any more.
func (m *memory) missing(slug string, platforms map[string]string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	gone := map[string]string{}
	for key, platform := range m.said[slug] {
		if now, ok := platforms[key]; !ok || now != platform {
			gone[key] = platform
		}
	}
	return gone
}

func (m *memory) forget(ctx context.Context, slug string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said[slug] != nil {
		delete(m.said, slug)
		m.save(ctx)
	}
}

// devices are the slugs of all that is announced.
func (m *memory) devices() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.said))
}

// children are those of a device among them.
func (m *memory) children(slug string) []string {
	return slices.DeleteFunc(m.devices(), func(s string) bool { return !strings.HasPrefix(s, slug+"_") })
}
