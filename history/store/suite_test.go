package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "time/tzdata"

	"wattle"
	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
)

// postgresEnv names the variable with the address of a PostgreSQL database that
// tests may fill with schemas of their own; ./check postgres starts one.
const postgresEnv = "WATTLE_POSTGRES"

// place is where a test keeps its history.
type place struct {
	*testing.T
	store.Options
}

// onBoth runs a test with an empty SQLite file, and with an empty PostgreSQL
// schema where there is a server.
func onBoth(t *testing.T, test func(p place)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(place{t, store.Options{Address: filepath.Join(t.TempDir(), "history.db")}})
	})
	t.Run("postgres", func(t *testing.T) {
		test(place{t, store.Options{Address: schema(t)}})
	})
}

// another is the address of a second empty database of the same kind.
func (p place) another() string {
	p.Helper()
	if p.Address[0] == '/' {
		return filepath.Join(p.TempDir(), "another.db")
	}
	return schema(p)
}

// schema makes an empty one and gives its address.
func schema(tb testing.TB) string {
	tb.Helper()
	address := os.Getenv(postgresEnv)
	if address == "" {
		tb.Skip("no PostgreSQL server: ./check postgres starts one and runs this too")
	}
	name := "wattle_" + strings.ToLower(rand.Text())
	db, err := sql.Open("pgx", address)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if _, err := db.Exec("DROP SCHEMA " + name + " CASCADE"); err != nil {
			tb.Error(err)
		}
		db.Close()
	})
	u, err := url.Parse(address)
	if err != nil {
		tb.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func open(tb testing.TB, o store.Options) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func reopen(tb testing.TB, s *store.Store) *store.Store {
	tb.Helper()
	if err := s.Close(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return open(tb, s.Options)
}

func write(tb testing.TB, s *store.Store, samples ...history.Sample) history.Written {
	tb.Helper()
	w, err := s.Write(tb.Context(), history.Batch{Samples: samples})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func maintain(tb testing.TB, s *store.Store) {
	tb.Helper()
	if err := s.Maintain(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

var (
	plug  = history.Device{MAC: wattle.MAC{2, 0, 0, 0, 0, 1}}
	power = history.Key{Device: plug, Feature: "current_consumption"}
	noon  = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

// watts is a sample of power; a negative one is not known.
func watts(at time.Time, w float64) history.Sample {
	s := history.Sample{Key: power, Time: at, Unit: feature.Watt}
	if w >= 0 {
		s.Value = feature.ValueOf(w)
	}
	return s
}

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// at is a clock that stands still.
func at(t time.Time) func() time.Time { return func() time.Time { return t } }
