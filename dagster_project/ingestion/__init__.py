"""The door: contracts, companies, and the way of a company's records into `raw` or `quarantine`."""
