//go:build tools

// Package tools pins the versions of the programs that ./check runs. The build
// tag keeps it out of every build; go.mod beside it holds the versions.
package tools

import (
	_ "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"
	_ "golang.org/x/perf/cmd/benchstat"
)
