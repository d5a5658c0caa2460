package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
)

// livesEnv sets how often the writing process is killed.
const (
	livesEnv = "WATTLE_LIVES"
	childEnv = "WATTLE_KILLED_CHILD"
)

// TestMain lets the test's own program be the one that is killed.
func TestMain(m *testing.M) {
	if address := os.Getenv(childEnv); address != "" {
		if err := child(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child writes samples and readings until it is killed, four at a time with
// maintenance beside them, and prints the number of each batch when it has been
// acknowledged. A batch n has a sample n of each of four outlets, and the meter
// at n Wh.
func child(address string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Address: address, SkipCheck: true})
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(os.Getenv("WATTLE_FIRST"))
	if err != nil {
		return err
	}
	acknowledged := make(chan int)
	fail := make(chan error)
	for w := range 4 {
		go func() {
			for n := first + w; ; n += 4 {
				if _, err := s.Write(ctx, numbered(n, w)); err != nil {
					fail <- err
				}
				acknowledged <- n
			}
		}()
	}
	go func() {
		for {
			if err := s.Maintain(ctx); err != nil {
				fail <- err
			}
		}
	}()
	for {
		select {
		case n := <-acknowledged:
			if _, err := fmt.Println(n); err != nil {
				return err
			}
		case err := <-fail:
			return err
		}
	}
}

func numbered(n, w int) (b history.Batch) {
	at := noon.Add(time.Duration(n) * time.Second)
	for outlet := range 4 {
		s := watts(at, float64(n))
		s.Device.Child = strconv.Itoa(outlet)
		b.Samples = append(b.Samples, s)
	}
	d := plug
	d.Child = strconv.Itoa(w)
	b.Meters = []history.Reading{{Device: d, Time: at, Total: feature.ValueOf(float64(n) / 1000)}}
	return b
}

// TestKilled kills a process that writes at random moments, over and over, and
// opens what it left: nothing that it acknowledged is missing, every batch is
// whole, and the counters say what the last batch that is there said.
func TestKilled(t *testing.T) {
	lives := 15
	if text := os.Getenv(livesEnv); text != "" {
		var err error
		if lives, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if testing.Short() {
		lives = 5
	}
	path := filepath.Join(t.TempDir(), "history.db")
	first, acknowledged := 4, map[int]bool{}
	for life := range lives {
		for n := range live(t, path, first) {
			acknowledged[n] = true
		}
		s := open(t, store.Options{Address: path, Now: at(noon)})
		there := map[int]int{}
		for outlet := range 4 {
			k := power
			k.Device.Child = strconv.Itoa(outlet)
			got, err := s.Samples(t.Context(), k, history.From(noon), noon.AddDate(10, 0, 0), 100_000)
			if err != nil && life > 0 {
				t.Fatal(err)
			}
			for _, one := range got {
				n, _ := feature.As[int](one.Value)
				if !one.Time.Equal(noon.Add(time.Duration(n) * time.Second)) {
					t.Fatalf("%+v", one)
				}
				there[n]++
			}
		}
		for n := range acknowledged {
			if there[n] != 4 {
				t.Fatalf("life %d: %d was acknowledged, and %d of its 4 samples are there", life, n, there[n])
			}
		}
		// What each of the four has written first and last: one may have been killed
		// before its first.
		begun, last := [4]int{}, [4]int{}
		for n, count := range there {
			if count != 4 {
				t.Fatalf("life %d: %d samples of batch %d", life, count, n)
			}
			last[n%4], first = max(last[n%4], n), max(first, n/4*4+4)
			if begun[n%4] == 0 || n < begun[n%4] {
				begun[n%4] = n
			}
		}
		for w, n := range last {
			d := plug
			d.Child = strconv.Itoa(w)
			m, err := s.Meter(t.Context(), d)
			if n == 0 {
				continue
			}
			if err != nil || m.Total == nil || m.Total.Value != history.Energy(n)*1000 {
				t.Fatalf("life %d: meter %d is at %+v (%v), want %d Wh", life, w, m, err, n)
			}
			if want := history.Energy(n-begun[w]) * 1000; m.Life != want {
				t.Fatalf("life %d: meter %d has counted %s, want %s", life, w, m.Life, want)
			}
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) < lives {
		t.Errorf("only %d batches in %d lives", len(acknowledged), lives)
	}
	t.Logf("killed %d times; %d batches were acknowledged and are there", lives, len(acknowledged))
}

// live runs the writing process for a moment after its first acknowledgement,
// and gives what it acknowledged.
func live(t *testing.T, path string, first int) map[int]bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path, "WATTLE_FIRST="+strconv.Itoa(first))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	got := map[int]bool{}
	var kill *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			break // cut off by the kill
		}
		got[n] = true
		if kill == nil {
			kill = time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 1 {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return got
}
