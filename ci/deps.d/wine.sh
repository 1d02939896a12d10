ensure_wine_prefix() { :; }
