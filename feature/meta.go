package feature

// Kind says what a feature is to the one who uses it. Values are printed.
type Kind string

// The kinds.
const (
	Sensor       Kind = "sensor"        // a reading
	BinarySensor Kind = "binary_sensor" // a reading that is on or off
	Switch       Kind = "switch"        // on or off, can be set
	Number       Kind = "number"        // a number within a range, can be set
	Choice       Kind = "choice"        // one of several texts, can be set
	Color        Kind = "color"         // hue, saturation and value, can be set
	Action       Kind = "action"        // has no value, can be done
	Event        Kind = "event"         // has no value between two events
)

// Category says how prominently to show a feature. Values are printed.
type Category string

// The categories.
const (
	Primary Category = "primary" // what the device is for
	Config  Category = "config"  // settings
	Info    Category = "info"    // readings beside the main ones
	Debug   Category = "debug"   // for those who look for a fault
)

// Unit is the unit of a value as it is printed, "" where there is none.
type Unit string

// The units.
const (
	NoUnit           Unit = ""
	Percent          Unit = "%"
	Watt             Unit = "W"
	KilowattHour     Unit = "kWh"
	Volt             Unit = "V"
	Ampere           Unit = "A"
	DecibelMilliwatt Unit = "dBm"
	Kelvin           Unit = "K"
	Celsius          Unit = "celsius"
	Fahrenheit       Unit = "fahrenheit"
	Second           Unit = "s"
	Millisecond      Unit = "ms"
	Minute           Unit = "min"
	SquareMetre      Unit = "Sqm"
	SquareFoot       Unit = "Sqft"
	Ping             Unit = "Ping"
)

// Meta is the part of a feature that every surface reads.
type Meta struct {
	ID       string   `json:"id"`   // snake_case, stable for ever: part of topics, metrics, URLs
	Name     string   `json:"name"` // sentence case, for people
	Kind     Kind     `json:"kind"`
	Category Category `json:"category"`
	Unit     Unit     `json:"unit,omitempty"`
	// Precision is how many digits after the point are worth showing; 0 where
	// nothing is said.
	Precision int `json:"precision,omitempty"`
	// Min and Max are the range of a Number, both included; in a [Reading] as
	// narrow as the device says. Both are 0 where there is none.
	Min float64 `json:"minimum,omitzero"`
	Max float64 `json:"maximum,omitzero"`
	// Choices are the texts of a Choice, in the order to show them.
	Choices []string `json:"choices,omitempty"`
	// Total marks a counter: the value grows until the device resets it.
	Total bool `json:"total,omitempty"`
	// Secret marks a value that lets others in: it has the type [wattle.Secret],
	// and is shown only to those who ask for it, see [Value.Reveal].
	Secret bool `json:"secret,omitempty"`
	// Dangerous marks what a surface should ask about before doing it.
	Dangerous bool `json:"dangerous,omitempty"`
}

// HasRange reports whether Min and Max say something.
func (m *Meta) HasRange() bool { return m.Max > m.Min }
