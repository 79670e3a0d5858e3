"""Tests of `cloudmart_cdk.assets.data_move`."""
