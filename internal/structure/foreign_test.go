package structure

import (
	"strings"
	"testing"
)

// marks stand in recordings of other people's devices, which are not ours to
// distribute. They are put together here, so that this file does not have them.
var marks = []string{
	"#MASKED" + "_NAME#",
	"#MASKED" + "_SSID#",
	"SCRUBBED" + "_CHILD_DEVICE_ID",
	"I01BU0tF" + "RF9OQU1FIw", // the first two in base64
	"I01BU0tF" + "RF9TU0lEIw",
}

// places belong to one machine or one registry, not to the project.
var places = []string{
	"/work" + "/wt", "/work" + "/main", "/work" + "/shared", "/work" + "/brief", "/ro" + "ot/", "/home" + "/",
	"proxy." + "golang.org", "registry." + "npmjs.org", "files." + "pythonhosted.org", "pypi" + ".org",
}

func TestNothingForeignIsInTheTree(t *testing.T) {
	checked := 0
	for _, f := range files(t) {
		checked++
		for _, mark := range marks {
			if strings.Contains(f.text, mark) {
				t.Errorf("%s contains %q, a mark of recorded devices: write test data by hand", f.path, mark)
			}
		}
		for _, place := range places {
			if strings.Contains(f.text, place) {
				t.Errorf("%s names %q, which other machines do not have", f.path, place)
			}
		}
	}
	t.Logf("%d files", checked)
}
