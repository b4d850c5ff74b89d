package callback

import "syscall"

// What the operating system says about a connection, by class. These are the
// numbers of Winsock; the names of package syscall are inventions there.
var (
	refusedErrnos     = []syscall.Errno{10061}
	unreachableErrnos = []syscall.Errno{
		10051, 10065, 10050, 10064, // network, host: unreachable, down
		10049, 10013, // address not available, access denied
	}
	resetErrnos = []syscall.Errno{syscall.WSAECONNRESET, syscall.WSAECONNABORTED}
)
