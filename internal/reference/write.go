package reference

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"wattle"
)

// Pages makes the pages of the manual by file name, from the source tree of the
// project.
func Pages(ctx context.Context, tree fs.FS) (map[string]string, error) {
	examples, err := Examples(ctx)
	if err != nil {
		return nil, err
	}
	features, err := Features(tree, examples)
	if err != nil {
		return nil, err
	}
	return map[string]string{"features.md": features, "devices.md": Devices(examples)}, nil
}

// Write writes the pages into the folder docs of a source tree.
func Write(ctx context.Context, root string) error {
	pages, err := Pages(ctx, os.DirFS(root))
	if err != nil {
		return err
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(root, "docs", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return writeKnown(root)
}

// writeKnown writes what finds the declared methods.
func writeKnown(root string) error {
	list, _, err := Declarations(os.DirFS(root))
	if err != nil {
		return err
	}
	for _, family := range []wattle.Family{wattle.IOT, wattle.SMART} {
		source, err := Known(list, family)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, "method", string(family), "known.go"), source, 0o644); err != nil {
			return err
		}
	}
	return nil
}
