package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// releaseProgram lets the system forget which pages of the program's file are in
// use: it maps those anew that are touched again, 64 KiB at a time, out of its cache or the
// file. The start of a Go program touches nearly all of them, and after it hardly a
// quarter is needed. Only mappings that cannot be written and have no page
// of their own are released, so that nothing can get lost.
func releaseProgram() error {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	spans, err := unchanged(f, self)
	for _, s := range spans {
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, s.from, s.to-s.from, syscall.MADV_DONTNEED); errno != 0 {
			err = errors.Join(err, errno)
		}
	}
	return err
}

// mapping is a piece of the memory of a process.
type mapping struct{ from, to uintptr }

// unchanged are the mappings of a file that hold what the file holds, out of the
// text of /proc/PID/smaps (proc(5)).
func unchanged(smaps io.Reader, file string) (out []mapping, err error) {
	var now mapping
	wanted := false
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		line := lines.Text()
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if !strings.HasSuffix(fields[0], ":") { // the head of a mapping: addresses, rights, offset, device, inode, path
			now, wanted = mapping{}, false
			if len(fields) < 6 || !strings.HasSuffix(line, " "+file) || fields[1] != "r-xp" && fields[1] != "r--p" {
				continue
			}
			if _, err := fmt.Sscanf(fields[0], "%x-%x", &now.from, &now.to); err != nil || now.to <= now.from {
				return out, fmt.Errorf("%q is no mapping", line)
			}
			wanted = true
			continue
		}
		if wanted && fields[0] == "Anonymous:" {
			if wanted = false; len(fields) > 1 && fields[1] == "0" {
				out = append(out, now)
			}
		}
	}
	return out, lines.Err()
}
