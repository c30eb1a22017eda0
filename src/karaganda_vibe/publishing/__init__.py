"""From results to what readers get: values, tables, pages, downloads, passports, summary."""
