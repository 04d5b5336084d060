"""The demo: a page where a text is typed and watched as it is signed, and the JSON interface behind it.

It needs FastAPI and uvicorn (`pip install -r requirements-serve.txt`); nothing else of the toolkit does.
"""
