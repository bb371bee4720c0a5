"""A real search engine as the judge: rules that were translated here, run where they will be run."""
