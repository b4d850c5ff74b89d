package callback

const basicType = "basic"
