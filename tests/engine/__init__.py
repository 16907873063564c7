"""Tests of the grading engine, and the suite of hostile submissions."""
