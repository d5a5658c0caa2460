package store

import (
	"context"
	"fmt"
	"io/fs"
	"os"
)

// Size is how many bytes the history takes: the SQLite file with what waits beside
// it, or the PostgreSQL database with all that is in it.
func (s *Store) Size(ctx context.Context) (bytes int64, err error) {
	if s.numbered {
		err = s.readers.QueryRowContext(ctx, "SELECT pg_database_size(current_database())").Scan(&bytes)
		if err != nil {
			return 0, s.explain("size", err)
		}
		return bytes, nil
	}
	for _, suffix := range []string{"", "-wal"} {
		var info fs.FileInfo
		info, err = os.Stat(s.Address + suffix)
		switch {
		case err == nil:
			bytes += info.Size()
		case suffix == "":
			return 0, fmt.Errorf("history: size: %w", err)
		}
	}
	return bytes, nil
}
