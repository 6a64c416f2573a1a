"""The events of CarPass: models, topic registry, schemas."""
