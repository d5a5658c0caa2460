package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Version is the released version; the build sets it with -ldflags -X. A
// build from source says what the Go toolchain recorded.
var Version = ""

type versionInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func buildVersion() versionInfo {
	info := versionInfo{Version: Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	if info.Version == "" {
		info.Version = build.Main.Version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.time":
			info.Time = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	if info.Version == "" {
		info.Version = "(devel)"
	}
	return info
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Example: "wattle version\nwattle version --json",
		Args:    exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			v := buildVersion()
			t := &table{head: []string{"name", "value"}, bare: true}
			t.add(plain("wattle"), plain(v.Version))
			if v.Commit != "" {
				commit := v.Commit
				if v.Modified {
					commit += " (modified)"
				}
				t.add(plain("commit"), plain(commit))
				t.add(plain("time"), plain(v.Time))
			}
			t.add(plain("go"), plain(v.Go))
			t.add(plain("platform"), plain(v.Platform))
			return a.print(v, t)
		},
	}
}
