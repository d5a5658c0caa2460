package simulator

import "time"

// Dimmers. See docs/protocol/iot.md section 6.

// setBrightness keeps the relay as it is.
func (e *iot) setBrightness(c *iotCall) (object, *iotFault) {
	level, ok := c.args.integer("brightness")
	if !ok || level < 1 || level > 100 || !e.sys.has("brightness") {
		return nil, &e.errors.argument
	}
	e.endFade()
	e.sys.put("brightness", level)
	e.advance(e.whole)
	e.setPower(e.whole)
	return nil, nil
}

// setDimmerTransition turns the light on, or off at 0, and takes its time.
func (e *iot) setDimmerTransition(c *iotCall) (object, *iotFault) {
	level, ok := c.args.integer("brightness")
	if !ok || level < 0 || level > 100 || !e.sys.has("brightness") {
		return nil, &e.errors.argument
	}
	duration, ok := c.args.integer("duration")
	if c.args.has("duration") && (!ok || duration < 0 || duration > 86_400_000) {
		return nil, &e.errors.argument
	}
	e.startFade(level, time.Duration(duration)*time.Millisecond)
	return nil, nil
}

// setSwitchState is set_relay_state with the fade that is set up.
func (e *iot) setSwitchState(c *iotCall) (object, *iotFault) {
	on, ok := c.args.flag("state")
	parameters, known := e.answer(c.module, "get_dimmer_parameters")
	if !ok || !known || !e.sys.has("brightness") {
		return e.setRelayState(c)
	}
	level, key := 0, "fadeOffTime"
	if on {
		level, _ = e.sys.integer("brightness")
		key = "fadeOnTime"
	}
	length, _ := parameters.integer(key)
	e.startFade(level, time.Duration(length)*time.Millisecond)
	return nil, nil
}

// dimmerParameter makes a setter of one of the members of
// get_dimmer_parameters.
func dimmerParameter(argument, member string, low, high int) iotHandler {
	return func(e *iot, c *iotCall) (object, *iotFault) {
		value, ok := c.args.integer(argument)
		answer, known := e.answer(c.module, "get_dimmer_parameters")
		if !ok || !known || value < low || value > high {
			return nil, &e.errors.argument
		}
		answer.put(member, value)
		e.change(c.module, "get_dimmer_parameters", answer)
		return nil, nil
	}
}

// setButtonAction handles set_double_click_action and set_long_press_action.
func (e *iot) setButtonAction(c *iotCall) (object, *iotFault) {
	button := map[string]string{"set_double_click_action": "double_click", "set_long_press_action": "long_press"}[c.method]
	answer, known := e.answer(c.module, "get_default_behavior")
	action := object{"mode": c.args["mode"]}
	switch c.args.text("mode") {
	case "none", "instant_on_off", "gentle_on_off":
	case "customize_preset":
		if _, ok := c.args.integer("index"); !ok {
			return nil, &e.errors.missing
		}
		action["index"] = c.args["index"]
	default:
		return nil, &e.errors.argument
	}
	if !known {
		return nil, &e.errors.argument
	}
	answer[button] = action.raw()
	e.change(c.module, "get_default_behavior", answer)
	return nil, nil
}
