package auth

// secrets is where the keys of a scheme come from. It is asked once when the
// scheme is constructed, and again from time to time where reload is set.
type secrets struct {
	read   func() ([]Secret, error)
	reload bool
}

// fixed is a list that was given in the program.
func fixed(list []Secret) secrets {
	return secrets{read: func() ([]Secret, error) { return list, nil }}
}

// watch opens a live set of keys that is built out of secrets.
func watch[T any](l *live[T], s secrets, build func([]Secret) (*T, error)) error {
	return l.open(func() (*T, error) {
		list, err := s.read()
		if err != nil {
			return nil, err
		}
		return build(list)
	}, s.reload)
}
