package cli

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"github.com/goccy/go-yaml"
)

// The formats of --output.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatYAML  = "yaml"
	formatCSV   = "csv"
)

var formats = []string{formatTable, formatJSON, formatYAML, formatCSV}

func itoa(n int) string { return strconv.Itoa(n) }

// print writes one result to stdout: value for programs, the table for people
// and spreadsheets.
func (a *app) print(value any, t *table) error {
	switch a.format() {
	case formatJSON:
		return writeJSON(a.out, value)
	case formatYAML:
		b, err := json.Marshal(value)
		if err == nil {
			b, err = yaml.JSONToYAML(b)
		}
		if err == nil {
			_, err = a.out.Write(b)
		}
		return err
	case formatCSV:
		return writeCSV(a.out, t)
	}
	width := 0
	if a.outTTY {
		width, _ = size(a.out)
	}
	return t.write(a.out, a.outStyle, width)
}

// printRows prints a list. A person who would see the head of a table alone reads on
// stderr why there is nothing below it, and what to do.
func (a *app) printRows(list any, t *table, none string) error {
	if len(t.rows) == 0 && a.format() == formatTable {
		a.say("%s", none)
		return nil
	}
	return a.print(list, t)
}

func writeJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// writeLine writes one object of a stream (NDJSON).
func writeLine(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}

func writeCSV(w io.Writer, t *table) error {
	out := csv.NewWriter(w)
	if err := out.Write(t.head); err != nil {
		return err
	}
	for _, row := range t.rows {
		record := make([]string, len(row))
		for i, c := range row {
			record[i] = c.text
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
