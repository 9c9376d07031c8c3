-- All that was ever said of the events that new rows tell of: a corrected event leaves the visitor whose it was.
{{ touched_by('web_events', ['event_ref'], 'visitor_ref') }}
