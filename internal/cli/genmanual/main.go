// Command genmanual writes the manual of the command line and the schema of the
// configuration into the folder of documents.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"wattle/internal/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: genmanual FOLDER")
		os.Exit(2)
	}
	err := cli.WriteManual(filepath.Join(os.Args[1], "manual"))
	if err == nil {
		err = os.WriteFile(filepath.Join(os.Args[1], "config.schema.json"), cli.ConfigSchema(), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "genmanual:", err)
		os.Exit(1)
	}
}
