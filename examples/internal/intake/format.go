package intake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/netpulse"
	"github.com/alertwire/alertwire/payload/nightingale"
)

// formats are the bodies that are taken in: all of them, told apart by shape.
func formats() payload.Formats {
	return payload.Formats{
		grafana.Format(), // before Alertmanager, of which it is a special case
		alertmanager.Format(),
		nightingale.Format(),
		flashduty.Format(),
		netdata.Format(),
		netpulse.Format(),
	}
}

// outgoing are the formats that an endpoint can ask for, besides "raw": what
// one event looks like in each.
var outgoing = map[string]func(payload.Event) any{
	"alertmanager": func(e payload.Event) any { return alertmanager.FromEvent(e) },
	"nightingale":  func(e payload.Event) any { return nightingale.FromEvent(e) },
	"flashduty":    func(e payload.Event) any { return flashduty.FromEvent(e) },
	"slack":        func(e payload.Event) any { return slackText(e) },
}

// encode returns the messages for endpoints of a format and an order: the bytes
// that came, or one message for each event. What is in that format already is
// sent as it came.
func encode(format string, order dispatch.Order, p payload.Payload, events []payload.Event) ([]piece, error) {
	if format == "" || format == "raw" || len(events) > 0 && events[0].Source == format {
		one, err := whole(p, events, order)
		return []piece{one}, err
	}
	pieces := make([]piece, 0, len(events))
	for _, e := range events {
		msg, err := callback.NewMessage(outgoing[format](e))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", payload.ErrInvalid, err)
		}
		msg.ID = callback.DeriveID(format, e.ID) // the repeat of an event keeps its ID
		msg.Type, msg.Key = string(e.Kind), e.Key
		if !e.Time.IsZero() {
			msg.Time = e.Time
		}
		pieces = append(pieces, piece{detach(msg), []payload.Event{e}})
	}
	return pieces, nil
}

// whole returns the message that came. Its Key is that of the group, so that the
// order strict keeps a resolution behind the firing. With the order latest a
// message replaces one of the same Key that waits, so there it stands for exactly
// these alerts: the next message of a group need not tell again what resolved.
func whole(p payload.Payload, events []payload.Event, order dispatch.Order) (piece, error) {
	msg, err := callback.NewMessage(p)
	if err != nil {
		return piece{}, err
	}
	if d, ok := p.(payload.Identified); ok {
		msg.ID = callback.DeriveID(d.DeliveryID())
	}
	if len(events) > 0 {
		msg.Type, msg.Key = string(events[0].Kind), events[0].Key
	}
	switch m := p.(type) {
	case *alertmanager.Message:
		msg.Key = payload.ID(m.Receiver, m.GroupKey)
		if m.Status != "" {
			msg.Type = string(m.Status)
		}
	case *grafana.Message:
		msg.Key = payload.ID(strconv.FormatInt(m.OrgID, 10), m.Receiver, m.GroupKey)
	case *nightingale.Message:
		if m.Array { // a batch, of any alerts
			msg.Key = payload.ID(nightingale.Format().Name())
		}
	}
	if order == dispatch.Latest {
		msg.Key = keyOf(events)
	}
	return piece{detach(msg), events}, nil
}

// keyOf returns a key of these alerts together.
func keyOf(events []payload.Event) string {
	keys := make([]string, len(events))
	for i, e := range events {
		keys[i] = e.Key
	}
	slices.Sort(keys)
	return payload.ID(keys...)
}

// detach makes msg independent of the request that it is from.
func detach(msg callback.Message) callback.Message {
	msg.Type, msg.Key = strings.Clone(msg.Type), strings.Clone(msg.Key)
	return msg
}

// slackText is what Slack's incoming webhooks take, and those of Mattermost,
// Rocket.Chat and others after them.
func slackText(e payload.Event) json.RawMessage {
	title := slackEscape(cmp.Or(e.Title, e.Key))
	if e.URL != "" && !strings.ContainsAny(e.URL, "|<> ") {
		title = "<" + e.URL + "|" + title + ">"
	}
	text := fmt.Sprintf("*%s* %s", strings.ToUpper(string(e.Kind)), title)
	if e.Severity != "" {
		text += " (" + string(e.Severity) + ")"
	}
	if e.Text != "" {
		text += "\n" + slackEscape(e.Text)
	}
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return body
}

// slackEscape escapes the three characters that Slack asks for. It also keeps
// an alert from mentioning a whole channel.
func slackEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
