package iot

import "wattle/method"

// CloudInfo is the answer of cnCloud.get_info (section 10).
type CloudInfo struct {
	Username  string           `json:"username"`
	Server    string           `json:"server"`
	Bound     method.Opt[bool] `json:"binded"`
	Connected method.Opt[bool] `json:"cld_connection"`
}

// The cloud state of plugs and of bulbs.
var (
	GetCloudInfo     = method.Method[method.None, CloudInfo]{Module: ModuleCloud, Name: "get_info"}
	GetBulbCloudInfo = method.Method[method.None, CloudInfo]{Module: ModuleBulbCloud, Name: "get_info"}
)
