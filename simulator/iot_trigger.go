package simulator

import (
	"encoding/json"
	"slices"
	"strconv"
)

// What switches with a motion sensor do by themselves: the list is kept and not
// carried out. See docs/protocol/iot.md section 13.3.

const maxRoutines = 8

// routines are the stored list, and where in it an id is; -1 where it is not.
func (e *iot) routines(c *iotCall, id string) (answer object, list []json.RawMessage, at int) {
	answer, _ = e.answer(c.module, "get_weekday_routine")
	list = answer.array("array")
	at = slices.IndexFunc(list, func(raw json.RawMessage) bool {
		routine, ok := parseObject(raw)
		return ok && routine.text("id") == id
	})
	return answer, list, at
}

func (e *iot) keepRoutines(c *iotCall, answer object, list []json.RawMessage) {
	answer["array"] = rawArray(list)
	e.change(c.module, "get_weekday_routine", answer)
}

func (e *iot) addRoutine(c *iotCall) (object, *iotFault) {
	if !c.args.has("array") || !c.args.has("wday") {
		return nil, &e.errors.argument
	}
	for id := range maxRoutines {
		answer, list, at := e.routines(c, strconv.Itoa(id))
		if at >= 0 {
			continue
		}
		routine := c.args.clone()
		routine.put("id", strconv.Itoa(id))
		e.keepRoutines(c, answer, append(list, routine.raw()))
		return object{"id": routine["id"]}, nil
	}
	return nil, &e.errors.full
}

func (e *iot) editRoutine(c *iotCall) (object, *iotFault) {
	answer, list, at := e.routines(c, c.args.text("id"))
	if at < 0 {
		return nil, &e.errors.entry
	}
	list[at] = c.args.raw()
	e.keepRoutines(c, answer, list)
	return object{"id": c.args["id"]}, nil
}

func (e *iot) deleteRoutine(c *iotCall) (object, *iotFault) {
	answer, list, at := e.routines(c, c.args.text("id"))
	if at < 0 {
		return nil, &e.errors.entry
	}
	e.keepRoutines(c, answer, slices.Delete(list, at, at+1))
	return nil, nil
}
