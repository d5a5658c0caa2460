// Package cli is the command line of wattle: one file per command, over the
// library packages. It knows flags, tables, colours and exit codes; what a
// program without a terminal could want as well belongs into the library.
//
// The words of the output are a contract: data goes to stdout, talk to stderr,
// exit codes are those of [Code], and --json gives the same data to programs.
package cli
