"""The custom resources: router, then instance or proof."""
