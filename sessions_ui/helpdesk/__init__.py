"""The help desk's pages: `path("helpdesk/", include("sessions_ui.helpdesk.urls"))`."""
