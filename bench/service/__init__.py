"""Figures of the whole service: real servers, durable writes, a real worker."""
