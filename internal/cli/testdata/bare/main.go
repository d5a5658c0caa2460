// Command bare sends as many requests as a wattle command does, and nothing
// else: what any Go program that speaks HTTP costs.
package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strconv"
)

func main() {
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	for range n {
		answer, err := http.Post(os.Args[1], "application/octet-stream", bytes.NewReader(make([]byte, 200)))
		if err != nil {
			panic(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			panic(err)
		}
		_ = answer.Body.Close()
	}
}
