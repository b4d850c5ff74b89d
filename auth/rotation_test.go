package auth_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// replaceable is a strategy whose secrets can be rolled while it is in use.
type replaceable interface {
	auth.Strategy
	Replace(secrets ...auth.Secret) error
}

// A rotation is one that an operator would do: at no step does sender and
// receiver change at once, and at no step is a message refused.
func TestRotationLosesNoMessage(t *testing.T) {
	type step struct {
		sender, receiver []auth.Secret // nil: unchanged
	}
	const old, next = "old-secret", "new-secret"
	receiverFirst := func(old, next auth.Secret) []step {
		return []step{
			{receiver: []auth.Secret{old, next}},
			{sender: []auth.Secret{next}},
			{receiver: []auth.Secret{next}},
		}
	}
	// Where all secrets of the sender sign, the receiver can come second.
	senderFirst := func(old, next auth.Secret) []step {
		return []step{
			{sender: []auth.Secret{next, old}},
			{receiver: []auth.Secret{next}},
			{sender: []auth.Secret{next}},
		}
	}
	hmac := func(s auth.Scheme) func(auth.Secret) replaceable {
		return func(secret auth.Secret) replaceable {
			return must(auth.NewHMAC(s, auth.HMACOptions{Secrets: []auth.Secret{secret}}))
		}
	}
	const (
		oldKey, nextKey = auth.Secret("whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQt"), auth.Secret("whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXct")
		oldEd, nextEd   = auth.Secret("whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="), auth.Secret("whsk_TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=")
	)
	tests := []struct {
		name  string
		make  func(auth.Secret) replaceable
		first auth.Secret
		steps []step
	}{
		{"bearer", func(s auth.Secret) replaceable { return must(auth.NewBearer(s)) }, old, receiverFirst(old, next)},
		{"header", func(s auth.Secret) replaceable { return must(auth.NewHeader("X-Key", s)) }, old, receiverFirst(old, next)},
		{"query", func(s auth.Secret) replaceable { return must(auth.NewQuery("token", s)) }, old, receiverFirst(old, next)},
		{"github", hmac(auth.GitHub()), old, receiverFirst(old, next)},
		{"slack", hmac(auth.Slack()), old, receiverFirst(old, next)},
		{"grafana", hmac(auth.Grafana()), old, receiverFirst(old, next)},
		{"stripe", hmac(auth.Stripe()), old, receiverFirst(old, next)},
		{"stripe, sender first", hmac(auth.Stripe()), old, senderFirst(old, next)},
		{"pagerduty, sender first", hmac(auth.PagerDuty()), old, senderFirst(old, next)},
		{"standard-webhooks", hmac(auth.StandardWebhooks()), oldKey, receiverFirst(oldKey, nextKey)},
		{"standard-webhooks, sender first", hmac(auth.StandardWebhooks()), oldKey, senderFirst(oldKey, nextKey)},
		{"ed25519, sender first", hmac(auth.StandardWebhooks()), oldEd, senderFirst(oldEd, nextEd)},
		{"from HMAC to Ed25519", hmac(auth.StandardWebhooks()), oldKey, senderFirst(oldKey, nextEd)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sender, receiver := tt.make(tt.first), tt.make(tt.first)
			server := signedServer(t, receiver, auth.RequireOptions{})
			client := &http.Client{Transport: &auth.Transport{Signer: sender, Base: server.Client().Transport}}
			for i, step := range tt.steps {
				refused := traffic(t, client, server.URL, func() {
					if step.sender != nil {
						assert.NoError(t, sender.Replace(step.sender...))
					}
					if step.receiver != nil {
						assert.NoError(t, receiver.Replace(step.receiver...))
					}
				})
				require.Zero(t, refused, "step %d", i+1)
			}
			before := get("Webhook-Id", "msg_1")
			require.NoError(t, tt.make(tt.first).Sign(before, []byte("{}")))
			require.ErrorIs(t, receiver.Verify(before, []byte("{}")), auth.ErrMismatch, "the old secret is gone")
		})
	}
}

// traffic sends 2 times 20 messages and calls change in the middle of them. It
// returns how many were refused.
func traffic(t *testing.T, client *http.Client, target string, change func()) int64 {
	var refused atomic.Int64
	var senders sync.WaitGroup
	under := make(chan struct{}) // closed when the first message has gone
	for n := range 2 {
		senders.Go(func() {
			for i := range 20 {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(`{"n":1}`))
				if !assert.NoError(t, err) {
					return
				}
				r.Header.Set("Webhook-Id", fmt.Sprintf("msg_%d_%d", n, i))
				resp, err := client.Do(r)
				if !assert.NoError(t, err) {
					return
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					refused.Add(1)
				}
				if n == 0 && i == 0 {
					close(under)
				}
			}
		})
	}
	<-under
	change()
	senders.Wait()
	return refused.Load()
}

// The same with files, which each side reads again by itself.
func TestRotationByFiles(t *testing.T) {
	const old, next = "old-secret", "new-secret"
	configs := map[string]func(file auth.Source) auth.Config{
		"basic":  func(f auth.Source) auth.Config { return auth.Config{Basic: auth.BasicConfig{User: "u", Password: f}} },
		"bearer": func(f auth.Source) auth.Config { return auth.Config{Bearer: auth.Sources{f}} },
		"header": func(f auth.Source) auth.Config {
			return auth.Config{Header: auth.NamedConfig{Name: "X-Key", Value: auth.Sources{f}}}
		},
		"query": func(f auth.Source) auth.Config {
			return auth.Config{Query: auth.NamedConfig{Name: "token", Value: auth.Sources{f}}}
		},
		"slack": func(f auth.Source) auth.Config {
			return auth.Config{HMAC: auth.HMACConfig{Scheme: "slack", Secret: auth.Sources{f}}}
		},
		"stripe and header": func(f auth.Source) auth.Config {
			return auth.Config{
				HMAC:   auth.HMACConfig{Scheme: "stripe", Secret: auth.Sources{f}},
				Header: auth.NamedConfig{Name: "X-Key", Value: auth.Sources{f}},
			}
		},
	}
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				write := func(side string, secrets ...string) {
					path := filepath.Join(dir, side)
					require.NoError(t, os.WriteFile(path+".new", []byte(strings.Join(secrets, "\n")+"\n"), 0o600))
					require.NoError(t, os.Rename(path+".new", path))
				}
				write("sender", old)
				write("receiver", old)
				sender := must(config(auth.Source{File: filepath.Join(dir, "sender")}).Strategy())
				receiver := must(config(auth.Source{File: filepath.Join(dir, "receiver")}).Strategy())
				accepted := func() error {
					r := get()
					require.NoError(t, sender.Sign(r, []byte("{}")))
					return receiver.Verify(r, []byte("{}"))
				}
				steps := []func(){
					func() { write("receiver", old, next) },
					func() { write("sender", next) },
					func() { write("sender", "") }, // half-written: what was there stays
					func() { write("sender", next) },
					func() { require.NoError(t, os.Remove(filepath.Join(dir, "receiver"))) },
					func() { write("receiver", next) },
				}
				for i, step := range steps {
					step()
					for range 30 { // 3 seconds: each file is read again in this time
						require.NoError(t, accepted(), "step %d", i+1)
						time.Sleep(100 * time.Millisecond)
					}
				}
				write("sender", old)
				time.Sleep(time.Second)
				require.ErrorIs(t, accepted(), auth.ErrMismatch, "the old secret is gone")
			})
		})
	}
}

// A variable beside a file is read once, not as often as the file: programs
// unset variables with secrets when they have started.
func TestFilesAreReadAgainWithoutTheVariableBesideThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
		t.Setenv("ALERTWIRE_TEST_TOKEN", "of-env")
		receiver := must(auth.Config{Bearer: auth.Sources{{File: file}, {Env: "ALERTWIRE_TEST_TOKEN"}}}.Strategy())
		require.NoError(t, os.Unsetenv("ALERTWIRE_TEST_TOKEN"))
		require.NoError(t, os.WriteFile(file, []byte("new"), 0o600))
		time.Sleep(time.Second)
		require.NoError(t, receiver.Verify(get("Authorization", "Bearer new"), nil))
		require.NoError(t, receiver.Verify(get("Authorization", "Bearer of-env"), nil))
	})
}
