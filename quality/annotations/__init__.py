"""图注: what people say of a month of an indicator, beside its chart."""
