package callback_test

import (
	"io"
	"log"

	"github.com/alertwire/alertwire/auth"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func asSecret(b []byte) auth.Secret { return auth.Secret(b) }
