package rest

import (
	"context"
	"sync"
)

// memory is a [hub.Keep] for this run.
type memory struct {
	mu sync.Mutex
	of map[string][]byte
}

func (m *memory) Load(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[name], nil
}

func (m *memory) Save(_ context.Context, name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[string][]byte{}
	}
	m.of[name] = data
	return nil
}
