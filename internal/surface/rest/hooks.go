package rest

// hookPath begins the links that do one thing.
const hookPath = "/hook/"
