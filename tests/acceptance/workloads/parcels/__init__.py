"""Weighs the files of a folder of whoever submits, for tests of submission."""
