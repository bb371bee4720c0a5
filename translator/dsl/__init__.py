"""Elasticsearch Query DSL: written as Kibana builds it (`emit`), and judged as Elasticsearch does (`compile_`)."""
