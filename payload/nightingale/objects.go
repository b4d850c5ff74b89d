package nightingale

import (
	"encoding/json"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// RecoverConfig says when an alert recovers.
type RecoverConfig struct {
	JudgeType int // 0 by the original condition, 1 likewise but not on missing data, 2 by RecoverExp
	// RecoverExp is the condition of JudgeType 2.
	RecoverExp string

	origin jsonscan.Origin
}

func (c *RecoverConfig) fields(f *jsonscan.Fields) {
	f.From(&c.origin)
	f.Int("judge_type", &c.JudgeType)
	f.String("recover_exp", &c.RecoverExp)
}

// A NotifyRule is a notify rule by name.
type NotifyRule struct {
	ID   int64
	Name string

	origin jsonscan.Origin
}

func (r *NotifyRule) fields(f *jsonscan.Fields) {
	f.From(&r.origin)
	f.Int64("id", &r.ID)
	f.String("name", &r.Name)
}

// A Team is a group of people to notify.
type Team struct {
	ID               int64
	Name             string
	Note             string
	CreateAt         UnixTime
	CreateBy         string
	UpdateAt         UnixTime
	UpdateBy         string
	UpdateByNickname string
	Users            []Person        // may be null
	BusiGroups       json.RawMessage // an array, of a form that changes with the release, or null

	origin jsonscan.Origin
}

func (t *Team) fields(f *jsonscan.Fields) {
	f.From(&t.origin)
	f.Int64("id", &t.ID)
	f.String("name", &t.Name)
	f.String("note", &t.Note)
	f.Int64("create_at", (*int64)(&t.CreateAt))
	f.String("create_by", &t.CreateBy)
	f.Int64("update_at", (*int64)(&t.UpdateAt))
	f.String("update_by", &t.UpdateBy)
	f.String("update_by_nickname", &t.UpdateByNickname)
	jsonscan.List(f, "users", &t.Users, (*Person).fields).Null()
	f.Raw("busi_groups", &t.BusiGroups)
}

// A Person is somebody to notify. All of it is personal data, and Contacts may
// hold tokens.
type Person struct {
	ID         int64
	Username   string
	Nickname   string
	Phone      string
	Email      string
	Portrait   string
	Roles      []string        // may be null
	Contacts   json.RawMessage // an object with the accounts or tokens of messengers, or null
	Maintainer int             // 0 or 1
	CreateAt   UnixTime
	CreateBy   string
	UpdateAt   UnixTime
	UpdateBy   string
	Belong     string
	Admin      bool
	// UserGroups and BusiGroups are arrays, of forms that change with the
	// release, or null.
	UserGroups     json.RawMessage
	BusiGroups     json.RawMessage
	LastActiveTime UnixTime

	origin jsonscan.Origin
}

func (p *Person) fields(f *jsonscan.Fields) {
	f.From(&p.origin)
	f.Int64("id", &p.ID)
	f.String("username", &p.Username)
	f.String("nickname", &p.Nickname)
	f.String("phone", &p.Phone)
	f.String("email", &p.Email)
	f.String("portrait", &p.Portrait)
	f.Strings("roles", &p.Roles).Null()
	f.Raw("contacts", &p.Contacts)
	f.Int("maintainer", &p.Maintainer)
	f.Int64("create_at", (*int64)(&p.CreateAt))
	f.String("create_by", &p.CreateBy)
	f.Int64("update_at", (*int64)(&p.UpdateAt))
	f.String("update_by", &p.UpdateBy)
	f.String("belong", &p.Belong)
	f.Bool("admin", &p.Admin)
	f.Raw("user_groups", &p.UserGroups)
	f.Raw("busi_groups", &p.BusiGroups)
	f.Int64("last_active_time", (*int64)(&p.LastActiveTime))
}

// A Target is the host that an alert is about.
type Target struct {
	ID           int64
	GroupID      int64           // id of the business group
	GroupObjs    json.RawMessage // an array, of a form that changes with the release, or null
	Ident        string
	Note         string
	Tags         []string       // may be null
	TagsMaps     payload.Labels // may be null; the plural is that of the wire
	UpdateAt     UnixTime
	HostIP       string
	AgentVersion string
	EngineName   string
	OS           string
	HostTags     []string // may be null
	BeatTime     int64    // of the last heartbeat
	UnixTime     int64    // the clock of the host, as its agent reports it
	Offset       int64    // of that clock, as Nightingale computes it
	TargetUp     float64
	MemUtil      float64 // in per cent
	CPUNum       int
	CPUUtil      float64 // in per cent
	Arch         string
	RemoteAddr   string
	GroupIDs     []int64  // may be null
	GroupNames   []string // may be null

	origin jsonscan.Origin
}

func (t *Target) fields(f *jsonscan.Fields) {
	f.From(&t.origin)
	f.Int64("id", &t.ID)
	f.Int64("group_id", &t.GroupID)
	f.Raw("group_objs", &t.GroupObjs)
	f.String("ident", &t.Ident)
	f.String("note", &t.Note)
	f.Strings("tags", &t.Tags).Null()
	jsonscan.Pairs(f, "tags_maps", &t.TagsMaps).Null()
	f.Int64("update_at", (*int64)(&t.UpdateAt))
	f.String("host_ip", &t.HostIP)
	f.String("agent_version", &t.AgentVersion)
	f.String("engine_name", &t.EngineName)
	f.String("os", &t.OS)
	f.Strings("host_tags", &t.HostTags).Null()
	f.Int64("beat_time", &t.BeatTime)
	f.Int64("unixtime", &t.UnixTime)
	f.Int64("offset", &t.Offset)
	f.Float("target_up", &t.TargetUp)
	f.Float("mem_util", &t.MemUtil)
	f.Int("cpu_num", &t.CPUNum)
	f.Float("cpu_util", &t.CPUUtil)
	f.String("arch", &t.Arch)
	f.String("remote_addr", &t.RemoteAddr)
	f.Int64s("group_ids", &t.GroupIDs).Null()
	f.Strings("group_names", &t.GroupNames).Null()
}
