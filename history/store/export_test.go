package store

import "context"

// Exec lets the writer run a statement, such as a PRAGMA that makes it fail.
func (s *Store) Exec(ctx context.Context, query string, args ...any) error {
	return s.run(ctx, func(ctx context.Context, w *writer) error {
		_, err := w.conn.ExecContext(ctx, w.bind(query), args...)
		return err
	})
}

// Version is the newest schema that is known.
const Version = version

// Migrations are those of both databases.
var Migrations = migrations
