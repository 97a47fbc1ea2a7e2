"""Early warning: published tools as versioned data, judged with three answers."""
