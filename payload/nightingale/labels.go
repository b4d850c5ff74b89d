package nightingale

import (
	"maps"
	"slices"
	"strings"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// Labels returns the labels of the alert: TagsMap, or if there is none, what
// Tags say. It must not be changed.
func (e *AlertEvent) Labels() payload.Labels {
	if len(e.TagsMap) > 0 {
		return e.TagsMap
	}
	return labelsOf(e.Tags)
}

// SetLabels sets Tags and TagsMap to the given labels. White space around names
// and values is cut off, "=" in a name becomes "_", and labels without a name
// are left out, because Nightingale could not read them back.
func (e *AlertEvent) SetLabels(labels payload.Labels) {
	clean := make(payload.Labels, 0, len(labels))
	for _, l := range labels {
		l.Name = strings.ReplaceAll(strings.TrimSpace(l.Name), "=", "_")
		l.Value = strings.TrimSpace(l.Value)
		if l.Name != "" {
			clean = append(clean, l)
		}
	}
	e.TagsMap = clean.Sorted()
	e.Tags = tagsOf(e.TagsMap, e.Tags)
}

// SyncTags makes Tags and TagsMap agree: the one that is as it was in before
// follows the one that was changed, and TagsMap follows Tags if both were. It is
// for an event that was merged from two texts, the event and the answer to it:
//
//	after, err := callback.Update(ctx, hook, before, callback.UpdateOptions{Fields: []string{"tags"}})
//	after.SyncTags(&before)
//
// Nil for before stands for an event without tags. Encoding does the same,
// compared with the text that the event came from.
func (e *AlertEvent) SyncTags(before *AlertEvent) {
	if agree(e.Tags, e.TagsMap) {
		return
	}
	if before == nil {
		before = new(AlertEvent)
	}
	switch {
	case !slices.Equal(e.Tags, before.Tags):
		e.TagsMap = labelsOf(e.Tags).Sorted()
	case !slices.Equal(e.TagsMap, before.TagsMap):
		e.Tags = tagsOf(e.TagsMap, e.Tags)
	}
}

// followOrigin is SyncTags with the event that e came from.
func (e *AlertEvent) followOrigin() {
	var before AlertEvent
	if text := e.origin.Text(); text != "" {
		// It was decoded before. All that is wanted are the two members.
		_ = jsonscan.Decode([]byte(text), &before, func(e *AlertEvent, f *jsonscan.Fields) {
			f.Strings("tags", &e.Tags)
			jsonscan.Pairs(f, "tags_map", &e.TagsMap)
		})
	}
	e.SyncTags(&before)
}

// split returns the name and the value of a tag. Nightingale skips tags without
// "=".
func split(tag string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(tag, "=")
	return strings.TrimSpace(name), strings.TrimSpace(value), ok
}

// labelsOf returns what tags say, in their order.
func labelsOf(tags []string) payload.Labels {
	var labels payload.Labels
	for _, tag := range tags {
		if name, value, ok := split(tag); ok {
			labels = append(labels, payload.Label{Name: name, Value: value})
		}
	}
	return labels
}

// tagsOf returns labels as tags: first those that were among old, in that order,
// then the others.
func tagsOf(labels payload.Labels, old []string) []string {
	values := labels.Map()
	tags := make([]string, 0, len(labels))
	add := func(name string) {
		if value, ok := values[name]; ok {
			tags = append(tags, name+"="+value)
			delete(values, name)
		}
	}
	for _, tag := range old {
		if name, _, ok := split(tag); ok {
			add(name)
		}
	}
	for _, l := range labels {
		add(l.Name)
	}
	return tags
}

// fewLabels is up to how many labels it is quickest to look at all of them. It is
// the number of bits in the set of those that were found.
const fewLabels = 64

// agree reports whether tags and labels say the same. Where names repeat it may
// say that they do not.
func agree(tags []string, labels payload.Labels) bool {
	if len(labels) > fewLabels || len(tags) > 4*fewLabels { // many tags that repeat
		return maps.Equal(labelsOf(tags).Map(), labels.Map())
	}
	var found uint64
	next := 0 // both are often in the same order
	for _, tag := range tags {
		name, value, ok := split(tag)
		if !ok {
			continue
		}
		l := payload.Label{Name: name, Value: value}
		if next >= len(labels) || labels[next] != l {
			if next = slices.Index(labels, l); next < 0 {
				return false
			}
		}
		found |= 1 << next
		next++
	}
	return found == 1<<len(labels)-1
}
