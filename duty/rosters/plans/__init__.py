"""Plans of a roster: drafted, submitted, approved by 医务科, published as shifts."""
