// Command genmanual writes the manual of the command line into a folder.
package main

import (
	"fmt"
	"os"

	"wattle/internal/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: genmanual FOLDER")
		os.Exit(2)
	}
	if err := cli.WriteManual(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "genmanual:", err)
		os.Exit(1)
	}
}
