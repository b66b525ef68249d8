"""The help desk's pages: `path("help-desk/", include("sessions_ui.help_desk.urls"))`."""
