"""What is answered at which path: one file an API. Add an API: a file here, and a line in `search/service/app.py`."""
