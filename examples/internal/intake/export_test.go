package intake

// URLOf is for the tests of it.
var URLOf = urlOf
