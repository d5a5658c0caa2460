// Command wattle finds, reads, switches and simulates TP-Link Kasa and Tapo
// devices. Everything is in internal/cli.
package main

import (
	"os"

	"wattle/internal/cli"
)

func main() { os.Exit(cli.Main()) }
