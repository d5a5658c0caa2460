package simulator

// Ambient light and motion sensors in switches. See docs/protocol/iot.md
// section 13.

// changeDevice edits the first sensor of smartlife.iot.LAS.
func (e *iot) changeDevice(c *iotCall, edit func(sensor object) bool) *iotFault {
	answer, _ := e.answer(c.module, "get_config")
	list := answer.array("devs")
	if len(list) == 0 {
		return &e.errors.argument
	}
	sensor, ok := parseObject(list[0])
	if !ok || !edit(sensor) {
		return &e.errors.argument
	}
	list[0] = sensor.raw()
	answer["devs"] = rawArray(list)
	e.change(c.module, "get_config", answer)
	return nil
}

func (e *iot) enableAmbient(c *iotCall) (object, *iotFault) {
	on, ok := c.args.flag("enable")
	return nil, e.changeDevice(c, func(sensor object) bool {
		sensor.put("enable", flagNumber(on))
		return ok
	})
}

func (e *iot) setDarkIndex(c *iotCall) (object, *iotFault) {
	index, ok := c.args.integer("dark_index")
	return nil, e.changeDevice(c, func(sensor object) bool {
		sensor.put("dark_index", index)
		return ok && index >= 0 && index < len(sensor.array("level_array"))
	})
}

func (e *iot) setLightLevel(c *iotCall) (object, *iotFault) {
	index, ok := c.args.integer("index")
	value, okValue := c.args.integer("value")
	return nil, e.changeDevice(c, func(sensor object) bool {
		levels := sensor.array("level_array")
		if !ok || !okValue || index < 0 || index >= len(levels) || value < 0 || value > 100 {
			return false
		}
		level, isObject := parseObject(levels[index])
		if !isObject {
			return false
		}
		level.put("value", value)
		levels[index] = level.raw()
		sensor["level_array"] = rawArray(levels)
		return true
	})
}

func (e *iot) changeMotion(c *iotCall, key string, value any) *iotFault {
	answer, ok := e.answer(c.module, "get_config")
	if !ok {
		return &e.errors.argument
	}
	answer.put(key, value)
	e.change(c.module, "get_config", answer)
	return nil
}

func (e *iot) enableMotion(c *iotCall) (object, *iotFault) {
	on, ok := c.args.flag("enable")
	if !ok {
		return nil, &e.errors.argument
	}
	return nil, e.changeMotion(c, "enable", flagNumber(on))
}

// setSensitivity chooses a range; with a value it sets that range.
func (e *iot) setSensitivity(c *iotCall) (object, *iotFault) {
	answer, _ := e.answer(c.module, "get_config")
	ranges := answer.array("array")
	index, ok := c.args.integer("index")
	if !ok || index < 0 || index >= len(ranges) {
		return nil, &e.errors.argument
	}
	if c.args.has("value") {
		value, ok := c.args.integer("value")
		if !ok || value < 0 || value > 100 {
			return nil, &e.errors.argument
		}
		ranges[index] = marshal(value)
		answer["array"] = rawArray(ranges)
		e.change(c.module, "get_config", answer)
	}
	return nil, e.changeMotion(c, "trigger_index", index)
}

func (e *iot) setColdTime(c *iotCall) (object, *iotFault) {
	value, ok := c.args.integer("cold_time")
	if !ok || value < 0 {
		return nil, &e.errors.argument
	}
	return nil, e.changeMotion(c, "cold_time", value)
}
