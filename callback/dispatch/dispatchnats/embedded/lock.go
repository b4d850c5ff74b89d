package embedded

const lockFile = "alertwire.lock"
