package callback

// LookAtFilesNow makes the next call of w look at its files of certificates,
// however lately they were looked at.
func LookAtFilesNow(w *Webhook) { w.pool.due.Store(0) }
