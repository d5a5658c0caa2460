// Command genreference writes the manual of features, methods and devices into
// the folder docs of a source tree.
package main

import (
	"context"
	"fmt"
	"os"

	"wattle/internal/reference"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: genreference ROOT")
		os.Exit(2)
	}
	if err := reference.Write(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "genreference:", err)
		os.Exit(1)
	}
}
