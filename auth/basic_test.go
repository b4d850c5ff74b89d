package auth_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func basicHeader(pair string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

func TestBasicVerify(t *testing.T) {
	plain := must(auth.NewBasic("Aladdin", "open sesame", auth.BasicOptions{}))
	unicode := must(auth.NewBasic("test", "123£", auth.BasicOptions{}))
	colons := must(auth.NewBasic("user", "a:b::c", auth.BasicOptions{}))
	noName := must(auth.NewBasic("", "pw", auth.BasicOptions{}))
	noPassword := must(auth.NewBasic("key", "", auth.BasicOptions{AllowEmptyPassword: true}))

	tests := []struct {
		name    string
		basic   *auth.Basic
		headers []string
		wantErr error
	}{
		{"example of RFC 7617", plain, []string{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, nil},
		{"UTF-8 example of RFC 7617", unicode, []string{"Basic dGVzdDoxMjPCow=="}, nil},
		{"the same in Latin-1", unicode, []string{"Basic dGVzdDoxMjOj"}, auth.ErrMismatch},
		{"case of the scheme", plain, []string{"bAsIC QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, nil},
		{"spaces behind the scheme", plain, []string{"Basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, nil},
		{"colons in the password", colons, []string{basicHeader("user:a:b::c")}, nil},
		{"split elsewhere", colons, []string{basicHeader("user:a:b:c")}, auth.ErrMismatch},
		{"empty name", noName, []string{basicHeader(":pw")}, nil},
		{"empty password", noPassword, []string{basicHeader("key:")}, nil},
		{"empty password, no colon", noPassword, []string{basicHeader("key")}, auth.ErrMismatch},
		{"empty password for one that has one", plain, []string{basicHeader("Aladdin:")}, auth.ErrMismatch},
		{"unknown name", plain, []string{basicHeader("Sindbad:open sesame")}, auth.ErrMismatch},
		{"wrong password", plain, []string{basicHeader("Aladdin:open sesam")}, auth.ErrMismatch},
		{"invalid UTF-8", plain, []string{basicHeader("Aladdin:\xff\xfe")}, auth.ErrMismatch},
		{"none", plain, nil, auth.ErrMissing},
		{"another scheme", plain, []string{"Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, auth.ErrMissing},
		{"scheme alone", plain, []string{"Basic"}, auth.ErrMalformed},
		{"scheme and spaces", plain, []string{"Basic  "}, auth.ErrMalformed},
		{"twice", plain, []string{basicHeader("Aladdin:open sesame"), basicHeader("Aladdin:open sesame")}, auth.ErrMalformed},
		{"not base64", plain, []string{"Basic !!!!"}, auth.ErrMalformed},
		{"truncated", plain, []string{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ="}, auth.ErrMalformed},
		{"16 KiB", plain, []string{"Basic " + strings.Repeat("A", 16<<10)}, auth.ErrMismatch},
		{"more than 16 KiB", plain, []string{"Basic " + strings.Repeat("A", 16<<10+4)}, auth.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get()
			r.Header["Authorization"] = tt.headers
			require.ErrorIs(t, tt.basic.Verify(r, nil), tt.wantErr)
			require.ErrorIs(t, tt.basic.VerifyHeader(r), tt.wantErr)
		})
	}
}

func TestBasicSign(t *testing.T) {
	r := get("Authorization", "Bearer of another")
	require.NoError(t, must(auth.NewBasic("test", "123£", auth.BasicOptions{})).Sign(r, nil))
	assert.Equal(t, []string{"Basic dGVzdDoxMjPCow=="}, r.Header["Authorization"])
}

func TestNewBasicRefuses(t *testing.T) {
	tests := []struct {
		name, user string
		pass       auth.Secret
		wantErr    error
	}{
		{"colon in the name", "a:b", "pw", auth.ErrBadSecret},
		{"name not UTF-8", "\xff", "pw", auth.ErrBadSecret},
		{"password not UTF-8", "user", "\xff", auth.ErrBadSecret},
		{"control character in the name", "a\nb", "pw", auth.ErrBadSecret},
		{"control character in the password", "user", "p\x00w", auth.ErrBadSecret},
		{"empty password", "user", "", auth.ErrEmptySecret},
		{"password of 4 KiB", "user", auth.Secret(strings.Repeat("x", 4<<10)), nil},
		{"password of more than 4 KiB", "user", auth.Secret(strings.Repeat("x", 4<<10+1)), auth.ErrBadSecret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := auth.NewBasic(tt.user, tt.pass, auth.BasicOptions{})
			require.ErrorIs(t, err, tt.wantErr)
		})
	}
}
