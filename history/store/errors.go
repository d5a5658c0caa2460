package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"wattle/history"
)

// problem sorts errors of both databases.
type problem int

const (
	other problem = iota
	again         // locked, or not reachable for now: worth trying again
	full
	readOnly
	damaged
	foreign
	cannotOpen
)

func problemOf(err error) problem {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil:
		return other
	case errors.As(err, &lite):
		return liteProblem(lite.Code())
	case errors.As(err, &pg):
		return postgresProblem(pg.Code)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return full
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return readOnly
	case errors.Is(err, context.Canceled):
		return other
	case errors.Is(err, history.ErrInUse):
		return again // the server has not noticed yet that our old connection is gone
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, driver.ErrBadConn),
		strings.Contains(err.Error(), "conn closed"), strings.Contains(err.Error(), "unexpected EOF"):
		return again
	}
	return other
}

func liteProblem(code int) problem {
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return again
	case sqlite3.SQLITE_FULL:
		return full
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return readOnly
	case sqlite3.SQLITE_CORRUPT:
		return damaged
	case sqlite3.SQLITE_NOTADB:
		return foreign
	case sqlite3.SQLITE_CANTOPEN:
		return cannotOpen
	}
	return other
}

// postgresProblem goes by the classes of PostgreSQL's appendix A.
func postgresProblem(code string) problem {
	switch {
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "40"), code == "55P03", code == "53300":
		return again
	case code == "53100":
		return full
	case code == "25006", code == "42501":
		return readOnly
	case strings.HasPrefix(code, "XX00"):
		return damaged
	}
	return other
}

// explain puts an error into words: what it is, and what to do.
func (s *Store) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("history: %s: %w", doing, err)
	}
	switch problemOf(err) {
	case full:
		return fmt.Errorf("%w: %s: %w: make room where %s is; nothing that was acknowledged is lost", history.ErrDiskFull, doing, err, s.place)
	case readOnly:
		return fmt.Errorf("%w: %s: %w: check owner and permissions of %s and of its folder", history.ErrReadOnly, doing, err, s.place)
	case damaged:
		return fmt.Errorf("%w: %s %s: %w: move it away and put the last backup in its place", history.ErrDamaged, doing, s.place, err)
	case foreign:
		return fmt.Errorf("%w: %s is no database: choose another path, or move it away", history.ErrForeign, s.place)
	case cannotOpen:
		return fmt.Errorf("history: cannot open %s: %w: check that its folder is there and yours", s.place, err)
	}
	return fmt.Errorf("history: %s: %w", doing, err)
}
