"""Web archives and web pages (section 3.4.3): WARC files, HTML with known main text, its extraction, scores of URLs."""
