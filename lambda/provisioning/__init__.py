"""The custom resources: router, then instance, flows or proof."""
