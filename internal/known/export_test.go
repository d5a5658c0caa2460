package known

// Parse and Marshal are the file's format, for fuzzing without a file.
func Parse(data []byte) (*List, error) { return parse(data) }

func (l *List) Marshal() ([]byte, error) { return l.marshal() }
