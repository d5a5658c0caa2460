package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"wattle/history"
)

// version is the newest schema that this program knows: the number of the last
// migration of both databases, which a test compares.
const version = 1

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, folder string) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	if at, err := schema(ctx, db); err == nil && at == version {
		return nil
	}
	p, err := goose.NewProvider(dialect, db, files)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// schema is the version that the database has, 0 where it is empty.
func schema(ctx context.Context, q querier) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+goose.DefaultTablename).Scan(&n)
	return n, err
}

// checkVersion refuses a database that a newer program has changed.
func (s *Store) checkVersion(ctx context.Context) error {
	if at, err := schema(ctx, s.readers); err == nil && at > version {
		return fmt.Errorf("%w: %s has schema %d, this one knows %d: use the newer program", history.ErrNewer, s.place, at, version)
	}
	return nil
}
