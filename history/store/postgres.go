package store

import (
	"context"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"wattle/history"
)

// lockKey is the first half of that of the advisory lock which the one writer
// to a schema holds.
const lockKey = applicationID

// openPostgres opens or makes a history in a PostgreSQL database, in the first
// schema of the search path.
func (s *Store) openPostgres(ctx context.Context) error {
	s.dialect, s.backup = postgresSQL, s.backupPostgres
	config, err := pgx.ParseConfig(s.Address)
	if err != nil { // its error may hold the password
		return fmt.Errorf("history: not the address of a PostgreSQL database: want postgres://USER@HOST/DATABASE")
	}
	s.place = (&url.URL{Scheme: "postgres", User: url.User(config.User), Host: fmt.Sprintf("%s:%d", config.Host, config.Port), Path: config.Database}).String()
	s.readers = stdlib.OpenDB(*config)
	s.readers.SetMaxOpenConns(4)
	if err := s.readers.PingContext(ctx); err != nil {
		return s.explain("open "+s.place, err)
	}
	if err := s.checkVersion(ctx); err != nil || s.ReadOnly {
		return err
	}
	s.writers = stdlib.OpenDB(*config, stdlib.OptionAfterConnect(claim))
	s.writers.SetMaxOpenConns(1)
	s.writers.SetMaxIdleConns(1)
	conn, err := s.writers.Conn(ctx)
	if err != nil {
		return s.explain("open "+s.place, err)
	}
	if err := conn.Close(); err != nil {
		return err
	}
	// The lock stays with the writer's connection; migrations use another.
	if err := migrate(ctx, s.readers, goose.DialectPostgres, "postgres"); err != nil {
		return s.explain("open "+s.place, err)
	}
	return s.hyper(ctx)
}

// claim makes a connection into the one that writes. The server gives the lock
// back when the connection ends, however that happens.
func claim(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "SET synchronous_commit = on"); err != nil {
		return err
	}
	var got bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))", lockKey).Scan(&got); err != nil {
		return err
	}
	if !got {
		return fmt.Errorf("%w: another hub writes to this database: stop it first", history.ErrInUse)
	}
	return nil
}

// hyper makes hypertables of the tables that grow, where TimescaleDB is there.
func (s *Store) hyper(ctx context.Context) error {
	var there bool
	err := s.readers.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb')").Scan(&there)
	if err != nil || !there {
		return s.explain("open", err)
	}
	for table, days := range map[string]int64{"samples": 1, "minutes": 7, "hours": 365} {
		_, err := s.readers.ExecContext(ctx, fmt.Sprintf(
			"SELECT create_hypertable('%s', 'at', chunk_time_interval => %d::bigint, if_not_exists => true, migrate_data => true)", table, days*86_400_000))
		if err != nil {
			return s.explain("make a hypertable of "+table, err)
		}
	}
	return nil
}

func (s *Store) backupPostgres(context.Context, string) error {
	return fmt.Errorf("history: PostgreSQL is backed up by its own means: pg_dump --format=custom --file=history.dump %s", s.place)
}
