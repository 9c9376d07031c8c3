"""One folder a company: company.yml says where its records come from."""
