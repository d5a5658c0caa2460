package effect_test

import (
	"fmt"

	"wattle/effect"
)

func ExampleParse() {
	e, err := effect.Parse(effect.SMART, "sequence red #ff8800 240,100,100 transition=2s", 0)
	fmt.Println(e.Type, e.Colors(), e.Transition.Or(0), err)
	_, err = effect.Parse(effect.SMART, "sequence red direction=7", 0)
	fmt.Println(err)
	// Output:
	// sequence [0,100,100 32,100,100 240,100,100] 2000 <nil>
	// value refused: direction 7 is not in 1 to 4
}

func ExampleFind() {
	e, _ := effect.Find(effect.IOT, "candy cane")
	fmt.Println(e.Name, e.Type, len(e.Sequence))
	// Output: Candy Cane sequence 16
}
