# SPDX-License-Identifier: Apache-2.0
"""Tests of the client: `python3 -m unittest discover -s clients/python/tests -t clients/python`."""
