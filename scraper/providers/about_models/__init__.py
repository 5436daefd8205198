"""Who tells of models and sells nothing: modules as those of providers, with the facts of models instead of prices."""
