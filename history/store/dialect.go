package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// dialect is where the two databases differ. SQL is written once, with ? for
// parameters.
type dialect struct {
	numbered bool  // parameters are $1, $2, …
	sizes    []int // how many rows one INSERT takes, largest first
	least    string
}

var (
	liteSQL     = dialect{sizes: []int{20, 1}, least: "MIN"}
	postgresSQL = dialect{numbered: true, sizes: []int{500, 50, 5, 1}, least: "LEAST"}
)

// bind numbers the parameters where the database wants that.
func (d *dialect) bind(query string) string {
	if !d.numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
	}
	return b.String()
}

// querier reads: a transaction, or the connection of the writer.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each calls a function for every row. It stops at its first error.
func each(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanFast goes over many rows of numbers without what database/sql does for
// each of them; that halves the time. The values are only good until it returns.
func scanFast(ctx context.Context, conn *sql.Conn, query string, args []any, row func([]driver.Value) error) error {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return conn.Raw(func(raw any) error {
		q, ok := raw.(driver.QueryerContext)
		if !ok {
			return fmt.Errorf("%T cannot query", raw)
		}
		rows, err := q.QueryContext(ctx, query, named)
		if err != nil {
			return err
		}
		defer rows.Close()
		values := make([]driver.Value, len(rows.Columns()))
		for {
			if err := rows.Next(values); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if err := row(values); err != nil {
				return err
			}
		}
	})
}

func integer(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

// pack makes a number small where the database allows it: SQLite takes
// thousandths as integers, of one to six bytes.
func (d *dialect) pack(f float64) any {
	if n := math.Round(f * 1000); !d.numbered && math.Abs(n) < 1<<47 && n/1000 == f {
		return int64(n)
	}
	return f
}

// float is what was packed.
func float(v any) float64 {
	switch n := v.(type) {
	case float64:
		return n
	case int64:
		return float64(n) / 1000
	}
	return 0
}

// number is a column of packed numbers.
type number struct {
	value float64
	known bool
}

// Scan takes what a driver gives.
func (n *number) Scan(v any) error {
	*n = number{float(v), v != nil}
	return nil
}
