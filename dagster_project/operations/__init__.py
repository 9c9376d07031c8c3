"""Running the product: the command, progress, status, the door to dbt, benchmarks. No data logic."""
